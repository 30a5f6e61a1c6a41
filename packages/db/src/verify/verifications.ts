import type pg from 'pg';
import { queryRows } from '../query-rows.ts';

/** How far a verification is, or how it ended. */
export type VerificationState = 'requested' | 'running' | 'clean' | 'different' | 'repaired' | 'failed' | 'cancelled';

/** DocIDs of some of the rows that differ. */
export interface VerificationSamples {
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly different: readonly string[];
}

/** The newest comparison of one node's cache of an entity with the oplog. */
export interface Verification {
  readonly entityId: number;
  readonly nodeId: string;
  readonly jobId: string;
  readonly repair: boolean;
  readonly state: VerificationState;
  readonly compared: number;
  readonly missing: number;
  readonly extra: number;
  readonly different: number;
  readonly samples: VerificationSamples;
  readonly message: string | null;
}

/** What a node saves about its work. */
export interface VerificationProgress
  extends Pick<
    Verification,
    'entityId' | 'nodeId' | 'jobId' | 'state' | 'compared' | 'missing' | 'extra' | 'different' | 'message'
  > {
  readonly samples: VerificationSamples;
  readonly generation: number | null;
}

const fields = `entity_id AS "entityId", node_id AS "nodeId", job_id AS "jobId", repair, state, compared, missing, extra,
  different, samples, message`;

/**
 * Asks nodes to verify their caches. The same job may ask again: what its nodes have done stays. `wrong` stays for any job, so
 * that wrong rows are reported until a verification has ended.
 */
export async function requestVerification(
  pool: pg.Pool,
  request: {
    readonly entityId: number;
    readonly jobId: string;
    readonly repair: boolean;
    readonly nodeIds: readonly string[];
  },
): Promise<void> {
  await queryRows(
    pool,
    `INSERT INTO verification (entity_id, node_id, job_id, repair)
     SELECT $1, n.id, $2, $3 FROM node n WHERE n.id = ANY ($4::text[])
     ON CONFLICT (entity_id, node_id) DO UPDATE
        SET job_id = EXCLUDED.job_id, repair = EXCLUDED.repair, requested_at = now(), state = 'requested', compared = 0,
            missing = 0, extra = 0, different = 0, samples = '{}', message = NULL, finished_at = NULL, generation = NULL
      WHERE verification.job_id <> EXCLUDED.job_id`,
    [request.entityId, request.jobId, request.repair, request.nodeIds],
  );
  await queryRows(pool, `NOTIFY emcachers_control, 'verification'`);
}

/** What the nodes of a job have found so far. Errors: EMC-3001. */
export function verificationsOf(pool: pg.Pool, jobId: string): Promise<Verification[]> {
  return queryRows<Verification>(pool, `SELECT ${fields} FROM verification WHERE job_id = $1 ORDER BY node_id`, [
    jobId,
  ]);
}

/** Nodes stop at their next page. */
export async function cancelVerification(pool: pg.Pool, jobId: string): Promise<void> {
  await queryRows(
    pool,
    `UPDATE verification SET state = 'cancelled', finished_at = now() WHERE job_id = $1 AND state IN ('requested', 'running')`,
    [jobId],
  );
}

/** What a node is asked to do, oldest first; also what it was doing when it stopped. */
export async function nextVerification(pool: pg.Pool, nodeId: string): Promise<Verification | null> {
  const rows = await queryRows<Verification>(
    pool,
    `SELECT ${fields} FROM verification WHERE node_id = $1 AND state IN ('requested', 'running') ORDER BY requested_at LIMIT 1`,
    [nodeId],
  );
  return rows[0] ?? null;
}

/** `wrong` follows from the states that end a comparison; the others leave it. */
const wrongness = `
  wrong = CASE $4 WHEN 'different' THEN GREATEST($6::bigint + $7::bigint + $8::bigint, 1)
                  WHEN 'clean' THEN 0 WHEN 'repaired' THEN 0 ELSE wrong END,
  wrong_generation = CASE $4 WHEN 'different' THEN $11::integer
                             WHEN 'clean' THEN NULL WHEN 'repaired' THEN NULL ELSE wrong_generation END`;

/** False if the work was cancelled or another job has taken its place. */
export async function saveVerification(pool: pg.Pool, progress: VerificationProgress): Promise<boolean> {
  const { entityId, nodeId, jobId, state, compared, missing, extra, different, samples, message, generation } =
    progress;
  const rows = await queryRows(
    pool,
    `UPDATE verification
        SET state = $4, compared = $5, missing = $6, extra = $7, different = $8, samples = $9, message = $10,
            generation = $11, ${wrongness}, finished_at = CASE $4 WHEN 'running' THEN NULL ELSE now() END
      WHERE entity_id = $1 AND node_id = $2 AND job_id = $3 AND state IN ('requested', 'running') RETURNING job_id`,
    [entityId, nodeId, jobId, state, compared, missing, extra, different, JSON.stringify(samples), message, generation],
  );
  return rows.length > 0;
}

/**
 * The live entity whose newest verification, job for one, or creation is the longest ago, if that is more than `ageMs`; null if
 * none is due. A job that failed before it asked any node counts too: otherwise its entity would be chosen again and again.
 */
export async function dueForVerification(
  pool: pg.Pool,
  { streamId, ageMs }: { readonly streamId: number; readonly ageMs: number },
): Promise<string | null> {
  const rows = await queryRows<{ name: string }>(
    pool,
    `SELECT e.name
       FROM entity e
       LEFT JOIN (SELECT entity_id, max(requested_at) AS at FROM verification GROUP BY entity_id) AS v ON v.entity_id = e.id
       LEFT JOIN (SELECT entity_name, max(created_at) AS at FROM job WHERE kind IN ('verify', 'repair') GROUP BY entity_name) AS j
         ON j.entity_name = e.name
      CROSS JOIN LATERAL (SELECT GREATEST(v.at, j.at, e.created_at) AS at) AS newest
      WHERE e.stream_id = $2 AND e.lifecycle = 'live' AND NOT e.paused AND newest.at < now() - $1 * interval '1 millisecond'
        AND NOT EXISTS (SELECT 1 FROM job j
                         WHERE j.stream_id = $2 AND j.kind IN ('verify', 'repair') AND j.status IN ('queued', 'running'))
      ORDER BY newest.at LIMIT 1`,
    [ageMs, streamId],
  );
  return rows[0]?.name ?? null;
}
