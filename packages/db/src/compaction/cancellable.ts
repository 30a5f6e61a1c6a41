import type pg from 'pg';
import { toDatabaseError } from '../database-error.ts';

/**
 * Runs long statements on one connection, which is ended if the signal aborts or a statement fails: the server then stops
 * what it does. Rejects with EMC-3001 if the signal aborts.
 */
export async function cancellable<Result>(
  pool: pg.Pool,
  signal: AbortSignal,
  body: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  try {
    signal.throwIfAborted();
    const client = await pool.connect();
    return await runOn(client, { pool, signal, body });
  } catch (error) {
    throw toDatabaseError(error);
  }
}

interface Run<Result> {
  readonly pool: pg.Pool;
  readonly signal: AbortSignal;
  readonly body: (client: pg.PoolClient) => Promise<Result>;
}

async function runOn<Result>(client: pg.PoolClient, { pool, signal, body }: Run<Result>): Promise<Result> {
  let broken: Error | undefined;
  const ignore = (): void => undefined;
  client.on('error', ignore);
  let cancel = ignore;
  try {
    const session = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const pid = session.rows[0]?.pid ?? null;
    cancel = () => void pool.query('SELECT pg_cancel_backend($1)', [pid]).catch(ignore);
    signal.addEventListener('abort', cancel, { once: true });
    return await body(client);
  } catch (error) {
    broken = error instanceof Error ? error : new Error(String(error));
    throw error;
  } finally {
    signal.removeEventListener('abort', cancel);
    client.off('error', ignore);
    client.release(broken);
  }
}
