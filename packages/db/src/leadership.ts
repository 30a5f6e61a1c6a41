import pg from 'pg';
import { connectionConfig } from './connection-config.ts';
import { createConnectionSockets, endConnection } from './connection-sockets.ts';
import { toDatabaseError } from './database-error.ts';
import { type EndedSessions, endEarlierSessions } from './leader-sessions.ts';

/**
 * Leadership of a stream is a lease in its row of table `leader` plus an epoch number, which no other stream uses. The lease decides when another node may lead; it runs on
 * PostgreSQL's clock and is renewed while the leader makes progress. The epoch decides who can commit (I9): every appending
 * transaction checks it in the message that commits, so a leader that lost its lease unawares appends nothing more.
 * No lock is held between statements. Worst case: a short time without a leader.
 */
export interface Leadership extends AsyncDisposable {
  readonly epoch: number;
  /** What became of the sessions of earlier leaders. */
  readonly earlier: EndedSessions;
  /** Aborts when another node has taken the lead, or when the session is lost and another node may. */
  readonly lost: AbortSignal;
  /** Extends the lease. Never rejects: if the lead is lost, `lost` aborts. */
  renew(): Promise<void>;
}

/** A session that tries to become leader. */
export interface Candidacy extends AsyncDisposable {
  /** True if no node holds an unexpired lease. Throws EMC-3001. */
  isFree(): Promise<boolean>;
  /** Becomes leader if no node holds an unexpired lease. Null if one does, or if another candidate was faster. Throws EMC-3001. */
  stand(): Promise<Leadership | null>;
}

/** The node that wants to lead. */
export interface CandidacyRequest {
  readonly url: string;
  readonly nodeId: string;
  readonly streamId: number;
  /** How long the lease lasts without renewal. */
  readonly leaseMs: number;
}

const answerMsMax = 5_000;
/** The row is only ever locked by statements that end soon. A wait that takes longer is repeated with the next attempt. */
const lockMsMax = 1_000;

/** Connects to PostgreSQL. Throws EMC-3001. */
export async function openCandidacy(request: CandidacyRequest): Promise<Candidacy> {
  const sockets = createConnectionSockets();
  const client = new pg.Client({
    ...connectionConfig(request.url, { applicationName: 'emcachers lease' }),
    stream: sockets.open,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    query_timeout: answerMsMax,
    lock_timeout: lockMsMax,
  });
  const ended = new AbortController();
  client.on('error', (error) => ended.abort(error));
  client.on('end', () => ended.abort());
  const session = { client, ended, request };
  try {
    await client.connect();
  } catch (error) {
    throw toDatabaseError(error);
  }
  return {
    isFree: async () => {
      try {
        return (await findFree(session)) !== null;
      } catch (error) {
        throw toDatabaseError(error);
      }
    },
    stand: () => stand(session),
    [Symbol.asyncDispose]: () => endConnection(client, sockets),
  };
}

interface Session {
  readonly client: pg.Client;
  readonly ended: AbortController;
  readonly request: CandidacyRequest;
}

async function stand(session: Session): Promise<Leadership | null> {
  try {
    const epoch = await takeEpoch(session);
    if (epoch === null) return null;
    const earlier = await endEarlierSessions(session.client, { url: session.request.url, epoch });
    return {
      epoch,
      earlier,
      lost: session.ended.signal,
      renew: () => renew(session, epoch),
      [Symbol.asyncDispose]: () => release(session, epoch),
    };
  } catch (error) {
    if (hasCode(error, lockNotAvailable, uniqueViolation)) return null;
    throw toDatabaseError(error);
  }
}

// A renewal in the future means that the server's clock was set back, which must not prolong the lease by the difference.
const leaseIsOver = `(
  l.node_id IS NULL
  OR clock_timestamp() >= l.renewed_at + l.lease_ms * interval '1 millisecond'
  OR clock_timestamp() < l.renewed_at - interval '1 second'
  OR NOT EXISTS (SELECT 1 FROM pg_stat_activity a
                  WHERE a.pid = l.session_pid AND COALESCE(a.backend_start = l.session_started, true)))`;

const ownSession = `session_pid = pg_backend_pid(),
  session_started = (SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())`;

/** The stream's newest epoch, and one that no stream has had yet. */
interface FreeLease {
  readonly earlier: number;
  readonly epoch: number;
}

/** Null if a node holds the lease. */
async function findFree({ client, request }: Session): Promise<FreeLease | null> {
  const free = await client.query<FreeLease>(
    `SELECT l.epoch AS earlier, 1 + GREATEST((SELECT max(epoch) FROM leader), (SELECT max(epoch) FROM leader_term)) AS epoch
       FROM leader l WHERE l.stream_id = $1 AND ${leaseIsOver}`,
    [request.streamId],
  );
  return free.rows[0] ?? null;
}

/** Null if another node holds the lease, or was faster. */
async function takeEpoch(session: Session): Promise<number | null> {
  const free = await findFree(session);
  if (free === null) return null;
  const answers: unknown = await session.client.query(beginTermSql(free, session.request));
  if (!Array.isArray(answers)) throw new TypeError('PostgreSQL did not return one result per statement.');
  return (answers as pg.QueryResult[])[0]?.rowCount === 1 ? free.epoch : null;
}

/**
 * One message, which the server runs as one transaction: a candidate that froze inside a transaction would keep the row locked.
 * The UPDATE waits for commits of the old epoch that have begun; none can begin afterwards. The INSERT is a statement of its
 * own, so that its snapshot includes those commits and it reads the head that they left. It fails if another stream's
 * candidate has just taken the same epoch; then nothing has changed, and the next attempt finds a higher one.
 */
function beginTermSql({ earlier, epoch }: FreeLease, { nodeId, leaseMs, streamId }: CandidacyRequest): string {
  return `
    UPDATE leader l SET epoch = ${epoch}, node_id = ${pg.escapeLiteral(nodeId)}, lease_ms = ${leaseMs},
                        taken_at = clock_timestamp(), renewed_at = clock_timestamp(), ${ownSession}
     WHERE l.stream_id = ${streamId} AND l.epoch = ${earlier} AND ${leaseIsOver};
    INSERT INTO leader_term (epoch, stream_id, first_id)
    SELECT l.epoch, s.id, s.head + 1 FROM leader l JOIN stream s ON s.id = l.stream_id
     WHERE l.stream_id = ${streamId} AND l.epoch = ${epoch} AND l.session_pid = pg_backend_pid();
    NOTIFY emcachers_control`;
}

async function renew({ client, ended }: Session, epoch: number): Promise<void> {
  try {
    // The session is recorded again, because behind a pooler it may have changed.
    const renewed = await client.query(
      `UPDATE leader SET renewed_at = clock_timestamp(), ${ownSession} WHERE epoch = $1`,
      [epoch],
    );
    if (renewed.rowCount === 0) ended.abort();
  } catch (error) {
    if (!hasCode(error, lockNotAvailable)) ended.abort(error);
  }
}

/** Clean release: another node may lead at once. */
async function release({ client, ended }: Session, epoch: number): Promise<void> {
  if (ended.signal.aborted) return;
  await client.query('UPDATE leader SET node_id = NULL, lease_ms = 0 WHERE epoch = $1', [epoch]).catch(() => undefined);
}

const lockNotAvailable = '55P03';
const uniqueViolation = '23505';

function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof pg.DatabaseError && error.code !== undefined && codes.includes(error.code);
}
