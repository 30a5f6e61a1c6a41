import type pg from 'pg';
import { type Asker, writeAudit } from '../control/audit.ts';
import { toDatabaseError } from '../database-error.ts';
import { inTransaction } from '../transaction.ts';

/** A node that has neither signed off nor been silent for this long is running. */
const silenceSeconds = 10;

// Its reports on caches go with it. If the node comes back, it registers again.
const forgetSql = `
DELETE FROM node WHERE id = $1 AND (left_at IS NOT NULL OR heartbeat_at < now() - make_interval(secs => ${silenceSeconds}))`;

// The engine's own work has its record in the audit too.
const forgetSilentSql = `
WITH gone AS (DELETE FROM node WHERE heartbeat_at < now() - make_interval(hours => $1) RETURNING id)
INSERT INTO audit (actor, action, detail)
SELECT 'engine', 'forgetNode', json_build_object('nodeId', id) FROM gone`;

/**
 * Removes a node that has left or is silent, with its reports, and writes the audit. False if it is running. True if there is none.
 * Errors: EMC-3001.
 */
export function forgetNode(pool: pg.Pool, nodeId: string, asker: Asker): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    await client.query('BEGIN');
    const forgotten = await client.query(forgetSql, [nodeId]);
    const left = await client.query('SELECT 1 FROM node WHERE id = $1', [nodeId]);
    if (forgotten.rowCount !== 0)
      await writeAudit(client, asker, { action: 'forgetNode', entityName: null, detail: { nodeId } });
    await client.query('COMMIT');
    return left.rowCount === 0;
  });
}

/** Removes every node without a heartbeat for so many hours. Errors: EMC-3001. */
export async function forgetSilentNodes(pool: pg.Pool, hours: number): Promise<void> {
  await pool.query(forgetSilentSql, [hours]).catch((error: unknown) => {
    throw toDatabaseError(error);
  });
}
