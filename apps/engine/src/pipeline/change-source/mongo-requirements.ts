/**
 * What the engine needs of MongoDB, asked with a client of its own before anything depends on the answers. Reads only.
 */
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Requirement } from '@emcachers/core/requirement';
import { type Document, Long, MongoServerError } from 'mongodb';
import { rightRefusal, toConnectRefusal, watchSets } from './connect-refusal.ts';
import { createMongoClient, type MongoClientDependencies } from './mongo-client.ts';
import { type CommandTarget, runPlain } from './mongo-commands.ts';

/** The first version with $changeStreamSplitLargeEvent. */
const versionMin = [6, 0, 9] as const;

/**
 * Throws EMC-2001 if no server answers or none is primary, and EMC-1001 or EMC-2014 to EMC-2018 if waiting would not help.
 */
export async function checkMongo(dependencies: MongoClientDependencies): Promise<readonly Requirement[]> {
  const client = createMongoClient(dependencies);
  const seen = watchSets(client);
  const target = { client, database: 'admin' };
  try {
    await client.connect();
    const set = replicaSet(await runPlain(target, { hello: 1 }));
    const release = version(await runPlain(target, { buildInfo: 1 }));
    return set.outcome.kind === 'met' ? [set, release, await changeStream(target)] : [set, release];
  } catch (error) {
    throw toConnectRefusal(error, client, seen);
  } finally {
    await client.close();
  }
}

function replicaSet(hello: Document): Requirement {
  const name = 'replica set';
  const setName: unknown = hello['setName'];
  if (typeof setName === 'string') return { name, found: setName, outcome: { kind: 'met' } };
  if (hello['msg'] === 'isdbgrid') return { name, found: 'a sharded cluster', outcome: { kind: 'met' } };
  const error = new EmcachersError({
    code: 'EMC-2002',
    detail: 'MONGO_URL names a standalone server. Change streams need a replica set or a sharded cluster.',
  });
  return { name, found: 'a standalone server', outcome: { kind: 'unmet', error } };
}

function version(buildInfo: Document): Requirement {
  const name = 'version';
  const found = `MongoDB ${String(buildInfo['version'])}`;
  const numbers = String(buildInfo['version']).split(/[.-]/).map(Number);
  const firstOther = versionMin.findIndex((least, index) => numbers[index] !== least);
  const isEnough = firstOther === -1 || (numbers[firstOther] ?? 0) > (versionMin[firstOther] ?? 0);
  if (isEnough) return { name, found, outcome: { kind: 'met' } };
  const detail = `MONGO_URL: the server is ${found}; the engine needs ${versionMin.join('.')} or later.`;
  return { name, found, outcome: { kind: 'unmet', error: new EmcachersError({ code: 'EMC-2019', detail }) } };
}

/** Opens a stream like that of ingest and closes it without reading. */
async function changeStream(target: CommandTarget): Promise<Requirement> {
  const name = 'change stream';
  const pipeline = [{ $changeStream: { allChangesForCluster: true } }];
  try {
    const { cursor } = await runPlain(target, { aggregate: 1, pipeline, cursor: { batchSize: 0 } });
    await closeCursor(target, cursor);
    return { name, found: 'allowed', outcome: { kind: 'met' } };
  } catch (error) {
    if (!(error instanceof MongoServerError)) throw error;
    if (error.code === 13)
      return { name, found: 'refused', outcome: { kind: 'unmet', error: rightRefusal(error, target.client) } };
    // Ingest knows which of these errors pass.
    return {
      name,
      found: error.message,
      outcome: { kind: 'doubtful', why: `MongoDB opens no change stream: ${error.message}` },
    };
  }
}

async function closeCursor(target: CommandTarget, cursor: unknown): Promise<void> {
  const id: unknown = typeof cursor === 'object' && cursor !== null && 'id' in cursor ? cursor.id : null;
  if (id instanceof Long || typeof id === 'bigint')
    await runPlain(target, { killCursors: '$cmd.aggregate', cursors: [Long.fromString(String(id))] });
}
