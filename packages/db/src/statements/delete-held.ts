import type pg from 'pg';
import { toDatabaseError } from '../database-error.ts';

/**
 * Deletes up to `limit` held-back rows (staged operations, planned deletions) of runs other than the entity's current one, or of
 * all runs if the entity is deleted or being deleted. This runs in chunks and outside the transaction that supersedes a run,
 * so that the cost of superseding does not depend on how much was staged. Returns the number of rows deleted. Throws EMC-3001 if
 * PostgreSQL is away.
 */
export async function deleteHeld(pool: pg.Pool, held: { entityId: number; limit: number }): Promise<number> {
  let removed = 0;
  for (const table of ['oplog_staging', 'oplog_sweep']) removed += await deleteFrom(pool, { table, ...held });
  return removed;
}

async function deleteFrom(
  pool: pg.Pool,
  { table, entityId, limit }: { table: string; entityId: number; limit: number },
): Promise<number> {
  try {
    const answer = await pool.query(
      `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(
         SELECT h.ctid FROM ${table} h
          WHERE h.entity_id = $1
            AND NOT EXISTS (SELECT 1 FROM entity e WHERE e.id = $1 AND e.run_id = h.run_id AND e.lifecycle <> 'deleting')
          LIMIT $2))`,
      [entityId, limit],
    );
    return answer.rowCount ?? 0;
  } catch (error) {
    throw toDatabaseError(error);
  }
}
