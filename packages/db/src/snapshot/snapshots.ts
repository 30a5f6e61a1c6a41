import type { SnapshotManifest } from '@emcachers/core/snapshot-manifest';
import type pg from 'pg';
import { queryRows } from '../query-rows.ts';

/** How far a snapshot is, or how it ended. `deleting`: the node is to delete its file. */
export type SnapshotState = 'requested' | 'running' | 'ready' | 'failed' | 'cancelled' | 'deleting';

/** A snapshot that a node was asked for, or has. */
export interface SnapshotRecord {
  readonly snapshotId: string;
  readonly entityId: number;
  readonly nodeId: string;
  /** The job that asked for it; null if the node reported a file that PostgreSQL did not know. */
  readonly jobId: string | null;
  readonly state: SnapshotState;
  readonly copiedBytes: number;
  /** Null before the file exists. */
  readonly manifest: SnapshotManifest | null;
  /** The file on the node. */
  readonly path: string | null;
  readonly errorCode: string | null;
  readonly message: string | null;
}

/** What a node saves about its work. */
export type SnapshotProgress = Omit<SnapshotRecord, 'entityId' | 'jobId'>;

const fields = `id AS "snapshotId", entity_id AS "entityId", node_id AS "nodeId", job_id AS "jobId", state,
  copied_bytes AS "copiedBytes", manifest, path, error_code AS "errorCode", message`;

/** Asks each of the nodes for a snapshot. The same job may ask again: what its nodes have done stays. */
export async function requestSnapshots(
  pool: pg.Pool,
  {
    entityId,
    jobId,
    nodeIds,
  }: { readonly entityId: number; readonly jobId: string; readonly nodeIds: readonly string[] },
): Promise<void> {
  await queryRows(
    pool,
    `DELETE FROM cache_snapshot WHERE entity_id = $1 AND state IN ('failed', 'cancelled') AND job_id IS DISTINCT FROM $2`,
    [entityId, jobId],
  );
  await queryRows(
    pool,
    `INSERT INTO cache_snapshot (id, entity_id, node_id, job_id)
     SELECT gen_random_uuid(), $1, n.id, $2 FROM node n WHERE n.id = ANY ($3::text[])
     ON CONFLICT (job_id, node_id) DO NOTHING`,
    [entityId, jobId, nodeIds],
  );
  await notify(pool);
}

/** What the nodes of a job have done so far. */
export function snapshotsOfJob(pool: pg.Pool, jobId: string): Promise<SnapshotRecord[]> {
  return queryRows(pool, `SELECT ${fields} FROM cache_snapshot WHERE job_id = $1 ORDER BY node_id`, [jobId]);
}

/** All of an entity, newest first. */
export function snapshotsOfEntity(pool: pg.Pool, entityId: number): Promise<SnapshotRecord[]> {
  const order = 'COALESCE(finished_at, requested_at) DESC, id';
  return queryRows(pool, `SELECT ${fields} FROM cache_snapshot WHERE entity_id = $1 ORDER BY ${order}`, [entityId]);
}

/** Nodes stop at their next step. */
export async function cancelSnapshots(pool: pg.Pool, jobId: string): Promise<void> {
  const sql = `UPDATE cache_snapshot SET state = 'cancelled', finished_at = now()
                WHERE job_id = $1 AND state IN ('requested', 'running')`;
  await queryRows(pool, sql, [jobId]);
  await notify(pool);
}

/** Asks its node to delete a snapshot of the entity, or to stop making it. False if there is none with this id. */
export async function requestSnapshotDeletion(
  pool: pg.Pool,
  { entityId, snapshotId }: { readonly entityId: number; readonly snapshotId: string },
): Promise<boolean> {
  const sql = `UPDATE cache_snapshot SET state = 'deleting' WHERE entity_id = $1 AND id = $2 RETURNING id`;
  const rows = await queryRows(pool, sql, [entityId, snapshotId]);
  await notify(pool);
  return rows.length > 0;
}

async function notify(pool: pg.Pool): Promise<void> {
  await queryRows(pool, `NOTIFY emcachers_control, 'snapshot'`);
}

/** What a node is asked to make, oldest first; also what it was making when it stopped. */
export async function nextSnapshot(pool: pg.Pool, nodeId: string): Promise<SnapshotRecord | null> {
  const rows = await queryRows<SnapshotRecord>(
    pool,
    `SELECT ${fields} FROM cache_snapshot WHERE node_id = $1 AND state IN ('requested', 'running') ORDER BY requested_at LIMIT 1`,
    [nodeId],
  );
  return rows[0] ?? null;
}

/** False if the snapshot is no longer wanted. */
export async function saveSnapshot(pool: pg.Pool, progress: SnapshotProgress): Promise<boolean> {
  const { snapshotId, nodeId, state, copiedBytes, manifest, path, errorCode, message } = progress;
  const rows = await queryRows(
    pool,
    `UPDATE cache_snapshot
        SET state = $3, copied_bytes = $4, manifest = $5, path = $6, error_code = $7, message = $8,
            finished_at = CASE $3 WHEN 'running' THEN NULL ELSE now() END
      WHERE id = $1 AND node_id = $2 AND state IN ('requested', 'running') RETURNING id`,
    [
      snapshotId,
      nodeId,
      state,
      copiedBytes,
      manifest === null ? null : JSON.stringify(manifest),
      path,
      errorCode,
      message,
    ],
  );
  return rows.length > 0;
}

/** True if the node is to delete a snapshot, by what PostgreSQL knows of it. Costs nothing while it has none. */
export async function hasUnwantedSnapshots(pool: pg.Pool, nodeId: string): Promise<boolean> {
  const rows = await queryRows(
    pool,
    `SELECT 1 FROM cache_snapshot c JOIN entity e ON e.id = c.entity_id
      WHERE c.node_id = $1 AND (c.state = 'deleting' OR c.state = 'ready' AND
            (e.lifecycle = 'deleting' OR (c.manifest ->> 'rebuild')::integer < e.rebuild_requested)) LIMIT 1`,
    [nodeId],
  );
  return rows.length > 0;
}

/** The files of a node's snapshots. */
export interface OwnSnapshots {
  readonly nodeId: string;
  readonly own: readonly { readonly manifest: SnapshotManifest; readonly path: string }[];
}

/**
 * Corrects the rows of a node by the files that it has; the node makes no snapshot meanwhile. Returns the ids of the files that it must
 * delete: those that an operator deleted, those of entities that are gone, and those that were made before a rebuild was requested, which
 * may have rows that an erasure removed. Files of another oplog history are left alone: this may be the wrong database.
 */
export async function reconcileSnapshots(pool: pg.Pool, { nodeId, own }: OwnSnapshots): Promise<readonly string[]> {
  const files = JSON.stringify(own);
  await queryRows(pool, forgetGoneSql, [nodeId, files]);
  if (own.length === 0) return [];
  await queryRows(pool, addKnownSql, [nodeId, files]);
  const unwanted = await queryRows<{ id: string }>(pool, unwantedSql, [nodeId, files]);
  return unwanted.map(({ id }) => id);
}

const ownSql = (parameter: string): string => `
  SELECT (o.manifest ->> 'snapshotId')::uuid AS id, (o.manifest ->> 'entityId')::integer AS entity_id,
         (o.manifest ->> 'rebuild')::integer AS rebuild, (o.manifest ->> 'madeAt')::timestamptz AS made_at, o.manifest, o.path
    FROM json_to_recordset(${parameter}::json) AS o(manifest json, path text)
   WHERE o.manifest ->> 'historyId' = (SELECT value #>> '{}' FROM metadata WHERE key = 'history_id')`;

const forgetGoneSql = `
  DELETE FROM cache_snapshot
   WHERE node_id = $1 AND state IN ('ready', 'deleting') AND id NOT IN (SELECT own.id FROM (${ownSql('$2')}) AS own)`;

/** A node that was killed after it had made a file, and before it said so, has done what it was asked for. */
const addKnownSql = `
  INSERT INTO cache_snapshot (id, entity_id, node_id, state, manifest, path, copied_bytes, requested_at, finished_at)
  SELECT own.id, own.entity_id, $1, 'ready', own.manifest, own.path, (own.manifest ->> 'bytes')::bigint, own.made_at, own.made_at
    FROM (${ownSql('$2')}) AS own
    JOIN entity e ON e.id = own.entity_id AND e.lifecycle <> 'deleting'
    JOIN node n ON n.id = $1
  ON CONFLICT (id) DO UPDATE
     SET state = 'ready', manifest = EXCLUDED.manifest, path = EXCLUDED.path, copied_bytes = EXCLUDED.copied_bytes,
         finished_at = now()
   WHERE cache_snapshot.state IN ('requested', 'running')`;

const unwantedSql = `
  SELECT own.id
    FROM (${ownSql('$2')}) AS own
    LEFT JOIN entity e ON e.id = own.entity_id AND e.lifecycle <> 'deleting'
    LEFT JOIN cache_snapshot c ON c.id = own.id AND c.node_id = $1
   WHERE e.id IS NULL OR own.rebuild < e.rebuild_requested OR c.state IN ('deleting', 'cancelled', 'failed')`;

/** Once the files of a node are deleted. */
export async function forgetSnapshots(
  pool: pg.Pool,
  { nodeId, snapshotIds }: { readonly nodeId: string; readonly snapshotIds: readonly string[] },
): Promise<void> {
  const sql = `DELETE FROM cache_snapshot WHERE node_id = $1 AND id = ANY ($2::uuid[]) AND state IN ('ready', 'deleting')`;
  await queryRows(pool, sql, [nodeId, snapshotIds]);
}
