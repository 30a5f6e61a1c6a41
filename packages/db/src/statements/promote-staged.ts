import type pg from 'pg';

/** Which staged entries to move; at most `limit` rows. */
export interface StagedChunk {
  readonly entityId: number;
  readonly runId: string;
  readonly version: number;
  readonly epoch: number;
  readonly limit: number;
}

/** What one chunk did. */
export interface StagedChunkResult {
  /** Rows taken from staging. */
  readonly taken: number;
  /** Of these, moved to the oplog. */
  readonly promoted: number;
}

/**
 * Moves the oldest staged rows of a run to the oplog, in staging order (ids are drawn after the sort). A row is dropped if a newer
 * row of the same document is staged: the scan may already have read the newest state, and readers must not see the document
 * go back. The marks of a refresh (`changed-documents.ts`) are only removed. The sweep then leaves all these documents alone.
 */
export async function promoteStaged(client: pg.PoolClient, chunk: StagedChunk): Promise<StagedChunkResult> {
  const answer = await client.query<{ taken: number; promoted: number }>({
    name: 'promote-staged',
    text: `WITH chunk AS (
             SELECT id FROM oplog_staging WHERE entity_id = $1 AND run_id = $2 ORDER BY id LIMIT $5
           ), taken AS (
             DELETE FROM oplog_staging
              WHERE entity_id = $1 AND run_id = $2 AND id <= (SELECT max(id) FROM chunk)
             RETURNING id, operation, doc_id, data, source_time_ms
           ), promoted AS (
             INSERT INTO oplog (entity_id, operation, doc_id, data, version, source_time_ms, epoch)
             SELECT $1, t.operation, t.doc_id, t.data, $3, t.source_time_ms, $4
               FROM taken t
              WHERE t.operation <> 'Changed'
                AND NOT EXISTS (SELECT 1 FROM oplog_staging newer
                                 WHERE newer.entity_id = $1 AND newer.run_id = $2
                                   AND newer.doc_id = t.doc_id AND newer.id > t.id)
              ORDER BY t.id
             RETURNING doc_id
           ), spared AS (
             DELETE FROM oplog_sweep s USING taken t WHERE s.entity_id = $1 AND s.run_id = $2 AND s.doc_id = t.doc_id
           )
           SELECT (SELECT count(*) FROM taken) AS taken, (SELECT count(*) FROM promoted) AS promoted`,
    values: [chunk.entityId, chunk.runId, chunk.version, chunk.epoch, chunk.limit],
  });
  return answer.rows[0] ?? { taken: 0, promoted: 0 };
}

/**
 * Called before the first chunk. Staging may have been filled within seconds, before autovacuum analysed it; the planner then
 * expects one row per run and may choose a plan that compares every row of a chunk with every staged row.
 */
export async function analyzeStaging(client: pg.PoolClient): Promise<void> {
  await client.query('ANALYZE oplog_staging');
}

/** So few that any plan moves them at once. */
const fewStaged = 200;

/** True if so few rows of the run are staged that `analyzeStaging` would cost more than it saves. */
export async function hasFewStaged(client: pg.PoolClient, run: { entityId: number; runId: string }): Promise<boolean> {
  const answer = await client.query<{ staged: number }>({
    name: 'few-staged',
    text: `SELECT count(*) AS staged
             FROM (SELECT 1 FROM oplog_staging WHERE entity_id = $1 AND run_id = $2 LIMIT $3::integer + 1) AS page`,
    values: [run.entityId, run.runId, fewStaged],
  });
  return (answer.rows[0]?.staged ?? 0) <= fewStaged;
}
