import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { mayRunAgain, toDatabaseError } from './database-error.ts';

/** The connection of one transaction. */
export type TransactionClient = pg.PoolClient;

const attemptsMax = 5;
const delayMsBase = 10;

/**
 * Runs one transaction on one connection. `body` sends BEGIN and COMMIT itself, together with its first and last statements, to save
 * round trips. An error rolls everything back. If the server rolled the transaction back (deadlock, serialization failure), it
 * is retried up to five times. If the result of a commit is unknown it is never retried, because it may have succeeded.
 */
export async function inTransaction<Result>(
  pool: pg.Pool,
  body: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptTransaction(pool, body);
    } catch (error) {
      if (attempt >= attemptsMax || !mayRunAgain(error)) throw toDatabaseError(error);
      await sleep(Math.random() * delayMsBase * 2 ** attempt);
    }
  }
}

async function attemptTransaction<Result>(
  pool: pg.Pool,
  body: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  // If the connection breaks while we hold it, the error arrives here; the running statement fails with the same error.
  const ignore = () => undefined;
  client.on('error', ignore);
  let broken: Error | undefined;
  try {
    return await body(client);
  } catch (error) {
    await client.query('ROLLBACK').catch((failure: Error) => {
      broken = failure;
    });
    throw error;
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
}
