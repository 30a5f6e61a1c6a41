import type pg from 'pg';

/**
 * Removes at most `limit` held-back rows (staged operations, planned deletions) of runs that are not the entity's
 * present one, or of all runs when the entity is gone or going. In chunks and outside the transactions that supersede a
 * run, so that superseding one costs the same however much it had staged. Answers how many were removed.
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
