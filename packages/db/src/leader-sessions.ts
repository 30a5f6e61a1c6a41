import pg from 'pg';
import { leaderSessionName } from './connection-config.ts';
import { createConnectionSockets } from './connection-sockets.ts';
import { type Database, type DatabaseOptions, poolConfig, surviveErrors } from './database.ts';

/**
 * The sessions through which the leader of one epoch appends. PostgreSQL knows them by the epoch in their name, so the next
 * leader can end those of a leader that no longer answers and would keep its locks.
 */
export interface LeaderSessions extends Pick<Database, 'pool'> {
  /** Waits for running statements. */
  close(): Promise<void>;
  /** Breaks every connection, so that running statements fail at once; the server rolls their transactions back. */
  abandon(): void;
}

/** The epoch whose sessions these are, and the limits of `openDatabase`. */
export interface LeaderSessionsOptions extends DatabaseOptions {
  readonly epoch: number;
}

/** Connects lazily. */
export function openLeaderSessions(options: LeaderSessionsOptions): LeaderSessions {
  const sockets = createConnectionSockets();
  const pool = new pg.Pool({
    ...poolConfig(options, {
      applicationName: `${leaderSessionName(options.url)} ${options.epoch}`,
      settings: keepAlive,
    }),
    stream: sockets.open,
  });
  surviveErrors(pool, options);
  return { pool, close: () => pool.end(), abandon: () => sockets.destroyAll() };
}

// The server detects within 11 s that the network lost the leader, also while it waits for the rest of a COPY.
const keepAlive = ['tcp_keepalives_idle=5', 'tcp_keepalives_interval=2', 'tcp_keepalives_count=3'] as const;

/** How many sessions of earlier epochs were ended, and how many could not be because the role has no right to. */
export interface EndedSessions {
  readonly ended: number;
  readonly refused: number;
}

/**
 * Ends the sessions of earlier epochs of the same stream. They cannot commit any more, but a frozen one would keep its row locks. Needs the same
 * role as theirs, or membership in it or in pg_signal_backend; otherwise the server ends an idle transaction by its time-out.
 */
export async function endEarlierSessions(
  client: pg.Client,
  { url, epoch }: Pick<LeaderSessionsOptions, 'url' | 'epoch'>,
): Promise<EndedSessions> {
  const earlier = await client.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND application_name ~ $1
        AND substring(application_name FROM '[0-9]+$')::bigint < $2
        AND NOT EXISTS (SELECT 1 FROM leader_term other
                         WHERE other.epoch = substring(application_name FROM '[0-9]+$')::bigint
                           AND other.stream_id <> (SELECT own.stream_id FROM leader_term own WHERE own.epoch = $2))`,
    [`^${leaderSessionName(url)} [0-9]+$`, epoch],
  );
  const outcomes = { ended: 0, refused: 0 };
  for (const { pid } of earlier.rows) outcomes[await endSession(client, pid)] += 1;
  return outcomes;
}

async function endSession(client: pg.Client, pid: number): Promise<keyof EndedSessions> {
  try {
    await client.query('SELECT pg_terminate_backend($1)', [pid]);
    return 'ended';
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === insufficientPrivilege) return 'refused';
    throw error;
  }
}

const insufficientPrivilege = '42501';
