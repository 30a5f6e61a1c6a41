import pg from 'pg';
import { advisoryLocks, advisoryNamespace } from './advisory-locks.ts';
import { toDatabaseError } from './database-error.ts';

/**
 * The lead: a session's advisory lock on a connection of its own, and the epoch that proves it. The lock alone would not
 * do (I9): it goes with its connection while this process may still write through others, so every appending
 * transaction checks the epoch as well. The worst that can happen is a short time without a leader.
 */
export interface Leadership extends AsyncDisposable {
  readonly epoch: number;
  /** Aborts when the connection that holds the lock is lost; the lead may then be another's. */
  readonly lost: AbortSignal;
  /** Asks the server for a sign of life, so that a connection that died silently is noticed. */
  check(): Promise<void>;
}

export interface LeadershipRequest {
  readonly url: string;
  readonly nodeId: string;
}

/** Takes the lead if it is free: lock first, then the next epoch; null when another node has it. Errors: EMC-3001. */
export async function takeLead(request: LeadershipRequest): Promise<Leadership | null> {
  const client = new pg.Client({
    connectionString: request.url,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    query_timeout: 10_000,
    application_name: 'emcachers leader',
  });
  const lost = new AbortController();
  client.on('error', (error) => lost.abort(error));
  client.on('end', () => lost.abort());
  try {
    await client.connect();
    // The server notices a peer that is gone without a word within half a minute and frees the lock.
    await client.query('SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 4');
    const answer = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1, $2) AS taken', [
      advisoryNamespace,
      advisoryLocks.leader,
    ]);
    if (answer.rows[0]?.taken !== true) {
      await client.end();
      return null;
    }
    const epoch = await takeEpoch(client, request.nodeId);
    return {
      epoch,
      lost: lost.signal,
      check: () => check(client, lost),
      [Symbol.asyncDispose]: () => release(client, epoch),
    };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw toDatabaseError(error);
  }
}

/** Waits for appends of the old epoch that are under way, since they hold the row; none can begin afterwards. */
async function takeEpoch(client: pg.Client, nodeId: string): Promise<number> {
  const answer = await client.query<{ epoch: number }>(
    'UPDATE leader SET epoch = epoch + 1, node_id = $1, taken_at = now() WHERE id = 1 RETURNING epoch',
    [nodeId],
  );
  const epoch = answer.rows[0]?.epoch;
  if (epoch === undefined) throw new Error('The row of leader is gone.');
  await client.query('NOTIFY emcachers_control');
  return epoch;
}

async function check(client: pg.Client, lost: AbortController): Promise<void> {
  try {
    await client.query('SELECT 1');
  } catch (error) {
    lost.abort(error);
  }
}

/** In good order: nobody leads from here on until another takes the next epoch. Ending the connection frees the lock. */
async function release(client: pg.Client, epoch: number): Promise<void> {
  await client.query('UPDATE leader SET node_id = NULL WHERE id = 1 AND epoch = $1', [epoch]).catch(() => undefined);
  await client.end().catch(() => undefined);
}
