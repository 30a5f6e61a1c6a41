import type pg from 'pg';
import { toDatabaseError } from '../database-error.ts';
import { promptly } from '../prompt-query.ts';

/** A node's report about itself. */
export interface NodeHeartbeat {
  readonly nodeId: string;
  readonly roles: readonly string[];
  readonly host: string;
  /** When this process started, milliseconds since 1970. */
  readonly startedAtMs: number;
}

// Heartbeats are stamped with PostgreSQL's clock, so that ages do not depend on the hosts' clocks.
const beatSql = `
INSERT INTO node (id, roles, host, started_at, heartbeat_at) VALUES ($1, $2, $3, to_timestamp($4 / 1000.0), now())
ON CONFLICT (id) DO UPDATE SET roles = EXCLUDED.roles, host = EXCLUDED.host, started_at = EXCLUDED.started_at, heartbeat_at = now(),
  left_at = NULL`;

// Not if a process that started later runs under the same name.
const signOffSql = 'UPDATE node SET left_at = now() WHERE id = $1 AND started_at = to_timestamp($2 / 1000.0)';

/** Records that the node stops in good order and keeps no caches fresh from now on. Errors: EMC-3001. */
export async function writeSignOff(
  pool: pg.Pool,
  { nodeId, startedAtMs }: Pick<NodeHeartbeat, 'nodeId' | 'startedAtMs'>,
): Promise<void> {
  await pool.query(signOffSql, [nodeId, startedAtMs]).catch((error: unknown) => {
    throw toDatabaseError(error);
  });
}

/** Records that the node is alive. Errors: EMC-3001. */
export async function writeHeartbeat(pool: pg.Pool, heartbeat: NodeHeartbeat): Promise<void> {
  try {
    const values = [heartbeat.nodeId, heartbeat.roles, heartbeat.host, heartbeat.startedAtMs];
    await pool.query(promptly({ text: beatSql, values }));
  } catch (error) {
    throw toDatabaseError(error);
  }
}
