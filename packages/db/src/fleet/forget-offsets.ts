import type pg from 'pg';
import { toDatabaseError } from '../database-error.ts';

/** Removes a node's reports of caches that it no longer has. A deletion waits for this, and the console must not show them. */
export async function forgetOtherOffsets(
  pool: pg.Pool,
  node: { readonly nodeId: string; readonly entityIds: readonly number[] },
): Promise<void> {
  await pool
    .query('DELETE FROM node_offset WHERE node_id = $1 AND entity_id <> ALL($2::int[])', [node.nodeId, node.entityIds])
    .catch((error: unknown) => {
      throw toDatabaseError(error);
    });
}
