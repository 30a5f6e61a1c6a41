import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { mayRunAgain, toDatabaseError } from './database-error.ts';

/** The connection of one transaction. */
export type TransactionClient = pg.PoolClient;

const attemptsMax = 5;
const delayMsBase = 10;

/**
 * One transaction on one connection: `body` begins and commits it, since both travel together with its first and last
 * statements. An error undoes everything. A transaction that the server itself has undone
 * (deadlock, serialization) is run again, at most five times; one whose commit went unanswered never is, since it
 * may have happened.
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
  // A client that breaks while it is ours reports here; the statement under way fails with the same error.
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
