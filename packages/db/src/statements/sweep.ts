import type pg from 'pg';

/** The completed scan whose missing documents are to be deleted. */
export interface SweepPlan {
  readonly entityId: number;
  readonly runId: string;
  readonly version: number;
}

/** How much the sweep would delete; compared with the cap before anything is deleted. */
export interface SweepPlanResult {
  /** Documents that the scan did not find. */
  readonly candidates: number;
  /** Documents that caches currently hold. */
  readonly documents: number;
}

/**
 * Lists the documents that a complete scan did not find (I7): their newest entry is an Upsert of an older version. This is one pass
 * over the partition with a hash aggregate that spills to disk if large; sweeps are rare, and an index on doc_id would slow down
 * every append (docs/decisions/0002-oplog-indexes.md). Excluded are documents with a staged operation, which will settle their
 * state, and documents that this scan could not project, because they exist. Holds a shared lock on the entity: while it is
 * catching up, nothing else writes to its partition.
 */
export async function planSweep(client: pg.PoolClient, plan: SweepPlan): Promise<SweepPlanResult> {
  await client.query('DELETE FROM oplog_sweep WHERE entity_id = $1', [plan.entityId]);
  const answer = await client.query<SweepPlanResult>(
    `WITH newest AS (
       SELECT doc_id, max(version) AS version FROM oplog WHERE entity_id = $1
        GROUP BY doc_id HAVING max(id) = max(id) FILTER (WHERE operation = 'Upsert')
     ), candidate AS (
       INSERT INTO oplog_sweep (entity_id, run_id, doc_id)
       SELECT $1, $2, n.doc_id FROM newest n
        WHERE n.version < $3
          AND NOT EXISTS (SELECT 1 FROM oplog_staging s
                           WHERE s.entity_id = $1 AND s.run_id = $2 AND s.doc_id = n.doc_id)
          AND NOT EXISTS (SELECT 1 FROM dead_letter d JOIN entity e ON e.id = d.entity_id
                           WHERE d.entity_id = $1 AND d.doc_id = n.doc_id AND d.updated_at >= e.scan_started_at)
       RETURNING 1
     )
     SELECT (SELECT count(*) FROM candidate) AS candidates, (SELECT count(*) FROM newest) AS documents`,
    [plan.entityId, plan.runId, plan.version],
  );
  // The planner has no statistics for the rows just written; without ANALYZE a chunk of 3,000 took ten times as long (5 s).
  await client.query('ANALYZE oplog_sweep');
  return answer.rows[0] ?? { candidates: 0, documents: 0 };
}

/** Saves the result of planning. If the sweep would delete too much, `refusal` is the message for the operator and the plan is discarded. */
export async function recordSweepPlan(
  client: pg.PoolClient,
  plan: { entityId: number; refusal: string | null },
): Promise<void> {
  if (plan.refusal !== null) await client.query('DELETE FROM oplog_sweep WHERE entity_id = $1', [plan.entityId]);
  await client.query(
    `UPDATE entity SET sweep_prepared = true, error_code = CASE WHEN $2::text IS NULL THEN NULL ELSE 'EMC-3004' END, reason = $2
      WHERE id = $1`,
    [plan.entityId, plan.refusal],
  );
}

/** Appends up to `limit` of the planned deletions as entries. */
export async function sweepChunk(
  client: pg.PoolClient,
  chunk: SweepPlan & { epoch: number; limit: number },
): Promise<number> {
  const answer = await client.query({
    name: 'sweep-chunk',
    text: `WITH chunk AS (
             SELECT doc_id FROM oplog_sweep WHERE entity_id = $1 AND run_id = $2 ORDER BY doc_id LIMIT $5
           ), taken AS (
             DELETE FROM oplog_sweep
              WHERE entity_id = $1 AND run_id = $2 AND doc_id <= (SELECT max(doc_id) FROM chunk)
             RETURNING doc_id
           )
           INSERT INTO oplog (entity_id, operation, doc_id, version, epoch)
           SELECT $1, 'Delete', doc_id, $3, $4 FROM taken ORDER BY doc_id`,
    values: [chunk.entityId, chunk.runId, chunk.version, chunk.epoch, chunk.limit],
  });
  return answer.rowCount ?? 0;
}
