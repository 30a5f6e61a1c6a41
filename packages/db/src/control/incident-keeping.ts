import type pg from 'pg';
import { advisoryLocks, advisoryNamespace } from '../advisory-locks.ts';
import type { Database } from '../database.ts';
import { promptly } from '../prompt-query.ts';
import { inTransaction } from '../transaction.ts';
import { millis } from './entity-record.ts';

/** Names an incident: at most one of a subject and a code is open. */
export interface IncidentKey {
  readonly subject: string;
  readonly errorCode: string;
}

/** What an incident says of its cause. */
export interface IncidentReport {
  readonly detail: string;
  /** Names, not all of them if there are more than an incident keeps. */
  readonly entities: readonly string[];
  readonly entityCount: number;
  readonly nodes: readonly string[];
}

/** The newest incident of its key: open, or closed a short time ago. Times are milliseconds of PostgreSQL's clock. */
export interface KnownIncident extends IncidentKey, IncidentReport {
  readonly id: number;
  readonly lastSeenAtMs: number;
  /** Null while it is open. */
  readonly closedAtMs: number | null;
}

/** A cause that has not lasted long enough for an incident. */
export interface IncidentCandidate extends IncidentKey {
  readonly firstSeenAtMs: number;
  readonly lastSeenAtMs: number;
}

/** What PostgreSQL knows. */
export interface KnownIncidents {
  readonly nowMs: number;
  readonly incidents: readonly KnownIncident[];
  readonly candidates: readonly IncidentCandidate[];
}

/** One change of what PostgreSQL knows. */
export type IncidentStep =
  /** The cause is there, but not for long enough. */
  | ({ readonly kind: 'watch' } & IncidentKey)
  | ({ readonly kind: 'unwatch' } & IncidentKey)
  | ({ readonly kind: 'open'; readonly openedAtMs: number; readonly lastSeenAtMs: number } & IncidentKey &
      IncidentReport)
  | ({ readonly kind: 'reopen'; readonly id: number; readonly lastSeenAtMs: number } & IncidentKey & IncidentReport)
  | ({ readonly kind: 'see'; readonly id: number } & IncidentReport)
  | ({ readonly kind: 'close'; readonly id: number } & IncidentKey);

/** Incidents and candidates that are read at once. */
const knownMax = 2_000;

/**
 * Reads the open incidents, those closed within `closedWithinMs`, and the candidates; carries out the steps that `plan` answers, in the
 * same transaction. Two engines that call it at once take turns: the second does nothing and answers null. Otherwise the answer is
 * the steps. Errors: EMC-3001.
 */
export function keepIncidents(
  database: Database,
  closedWithinMs: number,
  plan: (known: KnownIncidents) => readonly IncidentStep[],
): Promise<readonly IncidentStep[] | null> {
  return inTransaction(database.pool, async (client) => {
    await client.query(promptly({ text: 'BEGIN' }));
    const values = [advisoryNamespace, advisoryLocks.incidents];
    const lock = await client.query<{ isOurs: boolean }>(promptly({ text: lockSql, values }));
    if (lock.rows[0]?.isOurs !== true) {
      await client.query('ROLLBACK');
      return null;
    }
    const steps = plan(await readKnown(client, closedWithinMs));
    for (const step of steps) await client.query(promptly(statementOf(step)));
    await client.query('COMMIT');
    return steps;
  });
}

const lockSql = 'SELECT pg_try_advisory_xact_lock($1, $2) AS "isOurs"';

async function readKnown(client: pg.PoolClient, closedWithinMs: number): Promise<KnownIncidents> {
  const incidents = await client.query<KnownIncident>(promptly({ text: knownSql, values: [closedWithinMs, knownMax] }));
  const candidates = await client.query<IncidentCandidate>(promptly({ text: candidatesSql, values: [knownMax] }));
  const clock = await client.query<{ nowMs: number }>(
    promptly({ text: `SELECT ${millis('clock_timestamp()')} AS "nowMs"` }),
  );
  return { nowMs: clock.rows[0]?.nowMs ?? 0, incidents: incidents.rows, candidates: candidates.rows };
}

// Only the newest one of a key can be opened again.
const knownSql = `
SELECT DISTINCT ON (subject, error_code) id, subject, error_code AS "errorCode", detail, entities, entity_count AS "entityCount", nodes,
       ${millis('last_seen_at')} AS "lastSeenAtMs", ${millis('closed_at')} AS "closedAtMs"
  FROM incident
 WHERE closed_at IS NULL OR closed_at > clock_timestamp() - make_interval(secs => $1 / 1000.0)
 ORDER BY subject, error_code, id DESC LIMIT $2`;

const candidatesSql = `
SELECT subject, error_code AS "errorCode", ${millis('first_seen_at')} AS "firstSeenAtMs", ${millis('last_seen_at')} AS "lastSeenAtMs"
  FROM incident_candidate LIMIT $1`;

function statementOf(step: IncidentStep): { readonly text: string; readonly values: unknown[] } {
  switch (step.kind) {
    case 'watch':
      return { text: watchSql, values: [step.subject, step.errorCode] };
    case 'unwatch':
      return { text: unwatchSql, values: [step.subject, step.errorCode] };
    case 'open':
      return {
        text: openSql,
        values: [step.subject, step.errorCode, ...reported(step), step.openedAtMs, step.lastSeenAtMs],
      };
    case 'reopen':
      return { text: reopenSql, values: [step.id, ...reported(step), step.lastSeenAtMs] };
    case 'see':
      return { text: seeSql, values: [step.id, ...reported(step)] };
    case 'close':
      return {
        text: 'UPDATE incident SET closed_at = clock_timestamp() WHERE id = $1 AND closed_at IS NULL',
        values: [step.id],
      };
  }
}

function reported({ detail, entities, entityCount, nodes }: IncidentReport): unknown[] {
  return [detail, entities, entityCount, nodes];
}

const watchSql = `
INSERT INTO incident_candidate (subject, error_code) VALUES ($1, $2)
ON CONFLICT (subject, error_code) DO UPDATE SET last_seen_at = now()`;

const unwatchSql = 'DELETE FROM incident_candidate WHERE subject = $1 AND error_code = $2';

const openSql = `
INSERT INTO incident (subject, error_code, detail, entities, entity_count, nodes, opened_at, last_seen_at)
VALUES ($1, $2, $3, $4, $5, $6, to_timestamp($7 / 1000.0), to_timestamp($8 / 1000.0))
ON CONFLICT (subject, error_code) WHERE closed_at IS NULL DO NOTHING`;

// An acknowledgement stays: the operator knows of it.
const reopenSql = `
UPDATE incident SET closed_at = NULL, times = times + 1, detail = $2, entities = $3, entity_count = $4, nodes = $5,
       last_seen_at = to_timestamp($6 / 1000.0)
 WHERE id = $1`;

const seeSql = `
UPDATE incident SET detail = $2, entities = $3, entity_count = $4, nodes = $5, last_seen_at = clock_timestamp()
 WHERE id = $1 AND closed_at IS NULL`;

const pruneRowsMax = 1_000;

/** Removes a number of the incidents that were closed more than so many days ago. Errors: EMC-3001. */
export async function pruneIncidents(database: Database, days: number): Promise<void> {
  await inTransaction(database.pool, (client) =>
    client.query(
      `DELETE FROM incident WHERE id IN (
         SELECT id FROM incident WHERE closed_at < now() - make_interval(days => $1) ORDER BY closed_at LIMIT $2)`,
      [days, pruneRowsMax],
    ),
  );
}
