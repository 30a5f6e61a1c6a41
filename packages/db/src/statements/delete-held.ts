import type pg from 'pg';

/**
 * Deletes up to `limit` held-back rows (staged operations, planned deletions) of runs other than the entity's current one, or of
 * all runs if the entity is deleted or being deleted. This runs in chunks and outside the transaction that supersedes a run,
 * so that the cost of superseding does not depend on how much was staged. Returns the number of rows deleted.
 */
export async function deleteHeld(pool: pg.Pool, held: { entityId: number; limit: number }): Promise<number> {
  let removed = 0;
  for (const table of ['oplog_staging', 'oplog_sweep']) {
    const answer = await pool.query(
      `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
         SELECT h.ctid FROM ${table} h
          WHERE h.entity_id = $1
            AND NOT EXISTS (SELECT 1 FROM entity e WHERE e.id = $1 AND e.run_id = h.run_id AND e.lifecycle <> 'deleting')
          LIMIT $2))`,
      [held.entityId, held.limit],
    );
    removed += answer.rowCount ?? 0;
  }
  return removed;
}
