import pg from 'pg';
import { advisoryLocks, advisoryNamespace } from './advisory-locks.ts';
import { toDatabaseError } from './database-error.ts';

/**
 * Leadership is an advisory lock on a dedicated connection plus an epoch number. The lock alone is not enough (I9): it is lost with
 * its connection while this process can still write through other connections, so every appending transaction also checks
 * the epoch. Worst case: a short time without a leader.
 */
export interface Leadership extends AsyncDisposable {
  readonly epoch: number;
  /** Aborts when the connection that holds the lock is lost; another node may then lead. */
  readonly lost: AbortSignal;
  /** Pings the server, to detect a connection that died silently. */
  check(): Promise<void>;
}

/** The node that wants to lead, and the server that holds the lock. */
export interface LeadershipRequest {
  readonly url: string;
  readonly nodeId: string;
}

/** Becomes leader if no other node is: takes the lock, then the next epoch. Null if another node leads. Throws EMC-3001. */
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
    // The server detects a vanished client within half a minute and releases the lock.
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

/** Waits for running appends of the old epoch, which hold the row; none can start afterwards. */
async function takeEpoch(client: pg.Client, nodeId: string): Promise<number> {
  await client.query('BEGIN');
  const answer = await client.query<{ epoch: number }>(
    'UPDATE leader SET epoch = epoch + 1, node_id = $1, taken_at = now() WHERE id = 1 RETURNING epoch',
    [nodeId],
  );
  const epoch = answer.rows[0]?.epoch;
  if (epoch === undefined) throw new Error('The row of table leader is missing.');
  await client.query(beginTermSql, [epoch]);
  await client.query('COMMIT');
  await client.query('NOTIFY emcachers_control');
  return epoch;
}

/** A statement of its own: its snapshot is taken after the old epoch's last append has committed, and so sees its head. */
const beginTermSql = `
  INSERT INTO leader_term (epoch, first_id)
  SELECT $1, (value #>> '{}')::bigint + 1 FROM metadata WHERE key = 'head'`;

async function check(client: pg.Client, lost: AbortController): Promise<void> {
  try {
    await client.query('SELECT 1');
  } catch (error) {
    lost.abort(error);
  }
}

/** Clean release: clears the leader until another node takes the next epoch. Closing the connection frees the lock. */
async function release(client: pg.Client, epoch: number): Promise<void> {
  await client.query('UPDATE leader SET node_id = NULL WHERE id = 1 AND epoch = $1', [epoch]).catch(() => undefined);
  await client.end().catch(() => undefined);
}
