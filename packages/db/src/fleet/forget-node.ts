import type pg from 'pg';
import { toDatabaseError } from '../database-error.ts';

/** A node that has neither signed off nor been silent for this long is running. */
const silenceSeconds = 10;

// Its reports on caches go with it. If the node comes back, it registers again.
const forgetSql = `
DELETE FROM node WHERE id = $1 AND (left_at IS NOT NULL OR heartbeat_at < now() - make_interval(secs => ${silenceSeconds}))`;

const forgetSilentSql = 'DELETE FROM node WHERE heartbeat_at < now() - make_interval(hours => $1)';

/** Removes a node that has left or is silent, with its reports. False if it is running. True if there is none. Errors: EMC-3001. */
export async function forgetNode(pool: pg.Pool, nodeId: string): Promise<boolean> {
  try {
    await pool.query(forgetSql, [nodeId]);
    const left = await pool.query('SELECT 1 FROM node WHERE id = $1', [nodeId]);
    return left.rowCount === 0;
  } catch (error) {
    throw toDatabaseError(error);
  }
}

/** Removes every node without a heartbeat for so many hours. Errors: EMC-3001. */
export async function forgetSilentNodes(pool: pg.Pool, hours: number): Promise<void> {
  await pool.query(forgetSilentSql, [hours]).catch((error: unknown) => {
    throw toDatabaseError(error);
  });
}
