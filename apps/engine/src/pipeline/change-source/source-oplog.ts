/**
 * How far back MongoDB's own oplog reaches. Once it no longer has the change after our position, the position is lost, so this
 * must be known before. Needs more rights than following changes does; a user without them is told which ones.
 */
import type { SourceOplog } from '@emcachers/core/capture-report';
import { type Document, type MongoClient, MongoServerError } from 'mongodb';
import { runPlain, toClusterTime } from './mongo-commands.ts';
import { clusterTimeMs } from './resume-token.ts';

interface OplogTimes {
  readonly oldest: bigint;
  readonly newest: bigint;
}

export async function readSourceOplog(client: MongoClient): Promise<SourceOplog> {
  const hello = await runPlain({ client, database: 'admin' }, { hello: 1 });
  if (hello['msg'] === 'isdbgrid')
    return { kind: 'unknown', reason: 'On a sharded cluster each shard has an oplog, and mongos shows none of them.' };
  const times = (await unlessRefused(fromEntries(client))) ?? (await unlessRefused(fromStatus(client)));
  if (times === null) return { kind: 'unknown', reason: missingRight };
  const { oldest, newest } = times;
  const filled = await unlessRefused(share(client));
  return { kind: 'known', oldestMs: clusterTimeMs(oldest), newestMs: clusterTimeMs(newest), filled };
}

const missingRight =
  'The user of MONGO_URL may read neither local.oplog.rs nor serverStatus. Grant it the role read on the database local, or clusterMonitor on admin.';

/** The reply's operation time is that of the newest entry. */
async function fromEntries(client: MongoClient): Promise<OplogTimes | null> {
  const command = { find: 'oplog.rs', sort: { $natural: 1 }, projection: { ts: 1 }, limit: 1, singleBatch: true };
  const reply = await runPlain({ client, database: 'local' }, command);
  const oldest: unknown = (reply as OplogReply).cursor.firstBatch[0]?.['ts'];
  return oldest === undefined ? null : { oldest: toClusterTime(oldest), newest: toClusterTime(reply['operationTime']) };
}

interface OplogReply extends Document {
  readonly cursor: { readonly firstBatch: readonly Document[] };
}

async function fromStatus(client: MongoClient): Promise<OplogTimes | null> {
  const { oplog } = await runPlain({ client, database: 'admin' }, { serverStatus: 1, oplog: 1 });
  const { earliestOptime: oldest, latestOptime: newest } = (oplog ?? {}) as Document;
  return oldest === undefined ? null : { oldest: toClusterTime(oldest), newest: toClusterTime(newest) };
}

async function share(client: MongoClient): Promise<number | null> {
  const { size, maxSize } = await runPlain({ client, database: 'local' }, { collStats: 'oplog.rs' });
  const sizeMax = Number(maxSize);
  return sizeMax > 0 ? Math.min(1, Number(size) / sizeMax) : null;
}

/** Null if the server refuses the command; an error of the connection is thrown. */
async function unlessRefused<Answer>(answer: Promise<Answer>): Promise<Answer | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof MongoServerError) return null;
    throw error;
  }
}
