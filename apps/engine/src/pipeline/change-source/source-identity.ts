/**
 * What tells one MongoDB from another: the id of its replica set or sharded cluster, and the changes that its history has. A
 * copied data directory has the same id, so only a change that was made after the copy tells the two apart.
 */
import { type MongoClient, MongoServerError } from 'mongodb';
import type { ChangeStream } from './change-source.ts';
import type { ChangeBatch, ChangePresence } from './change-source-types.ts';
import { runPlain } from './mongo-commands.ts';
import type { Position } from './position.ts';
import { tokenPosition } from './resume-token.ts';

/** Null if the server does not tell, for example because the user of MONGO_URL may not run the command. */
export async function readSourceId(client: MongoClient, isSharded: boolean): Promise<string | null> {
  try {
    return isSharded ? await clusterId(client) : await replicaSetId(client);
  } catch (error) {
    if (error instanceof MongoServerError) return null;
    throw error;
  }
}

async function replicaSetId(client: MongoClient): Promise<string | null> {
  const reply = await runPlain({ client, database: 'admin' }, { replSetGetConfig: 1 });
  return textAt(reply, 'config', 'settings', 'replicaSetId');
}

async function clusterId(client: MongoClient): Promise<string | null> {
  const command = { find: 'version', limit: 1, singleBatch: true };
  const reply = await runPlain({ client, database: 'config' }, command);
  return textAt(reply, 'cursor', 'firstBatch', '0', 'clusterId');
}

function textAt(value: unknown, ...names: readonly string[]): string | null {
  let found = value;
  for (const name of names) {
    if (typeof found !== 'object' || found === null) return null;
    found = Reflect.get(found, name);
  }
  return found === undefined || found === null ? null : String(found);
}

type Sought = Extract<Position, { kind: 'token' }>;

/** ChangeStreamHistoryLost: the oplog no longer reaches back to the time. */
const historyLost = 286;

/** Replies without a verdict after which the search ends; each takes up to `awaitMsMax` of the stream. */
const repliesMax = 20;

/**
 * Looks for one change by reading the history from its time on. A time alone, or a token that is one, would not do: any server
 * that is late enough accepts it.
 */
export async function findChange(
  open: (position: Position) => Promise<ChangeStream>,
  token: Uint8Array,
): Promise<ChangePresence> {
  const sought = tokenPosition(token);
  if (sought.kind !== 'token') return 'unknown';
  let stream: ChangeStream;
  try {
    stream = await open({ kind: 'time', clusterTime: sought.clusterTime });
  } catch (error) {
    if (error instanceof MongoServerError && error.code === historyLost) return 'unknown';
    throw error;
  }
  try {
    return await search(stream, sought);
  } finally {
    await stream.close();
  }
}

async function search(stream: ChangeStream, sought: Sought): Promise<ChangePresence> {
  for (let replies = 0; replies < repliesMax; replies += 1) {
    const batch = await stream.next();
    const presence = batch === null ? 'unknown' : presenceIn(batch, sought);
    if (presence !== null) return presence;
  }
  return 'unknown';
}

/** Null if the reply ends before the place of the change. */
function presenceIn({ events, end }: ChangeBatch, sought: Sought): ChangePresence | null {
  const reached = events.map(({ token }) => tokenPosition(token)).find((position) => isReached(position, sought));
  if (reached !== undefined) return isSame(reached, sought) ? 'present' : 'absent';
  const isPast = events.length === 0 && end !== null && end.clusterTime > sought.clusterTime;
  return isPast ? 'absent' : null;
}

function isReached(position: Position, sought: Sought): boolean {
  return position.kind === 'token' && position.data >= sought.data;
}

function isSame(position: Position, sought: Sought): boolean {
  return position.kind === 'token' && position.data === sought.data;
}
