import { Double, Long } from 'bson';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { History } from '../history/history-entry.ts';
import type { Collection } from '../storage/catalog.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { collectionName } from './namespace.ts';
import { isOplog } from './oplog-cursor.ts';

/** Bytes divided by `scale`, as the statistics commands report them. */
function scaled(bytes: number, scale: number): number {
  return Math.floor(bytes / scale);
}

function scaleOf({ body }: CommandContext): number {
  const scale = body.number('scale') ?? 1;
  if (!(scale >= 1)) throw new MongoFailure('BadValue', 'scale has to be a number > 0');
  return Math.trunc(scale);
}

/** The counts that `collStats` and the stage `$collStats` report about one collection. */
export function collectionCounts(collection: Collection | undefined, scale = 1): Record<string, unknown> {
  const count = collection?.table.count() ?? 0;
  const size = collection?.table.dataBytes() ?? 0;
  return {
    size: scaled(size, scale),
    count,
    ...(count === 0 ? {} : { avgObjSize: Math.floor(size / count) }),
    numOrphanDocs: 0,
    storageSize: scaled(size, scale),
    freeStorageSize: 0,
    capped: false,
    nindexes: collection === undefined ? 0 : collection.indexes.length + 1,
    indexBuilds: [],
    totalIndexSize: 0,
    totalSize: scaled(size, scale),
    indexSizes: Object.fromEntries(
      ['_id_', ...(collection?.indexes.map((index) => index.name) ?? [])].map((name) => [name, 0]),
    ),
    scaleFactor: scale,
  };
}

/** The oplog is capped: beyond `maxSize` the oldest entries go. */
function oplogCounts(history: History, scale: number): Record<string, unknown> {
  const { entries, bytes, bytesMax } = history.extent();
  const size = scaled(bytes, scale);
  return { size, count: entries, storageSize: size, capped: true, maxSize: Long.fromNumber(scaled(bytesMax, scale)) };
}

function collStats(context: CommandContext): CommandResult {
  const { body, database, access, server } = context;
  const name = collectionName(body, database);
  if (isOplog(database, name))
    return { ns: `${database}.${name}`, ...oplogCounts(server.store.history, scaleOf(context)) };
  return { ns: `${database}.${name}`, ...collectionCounts(access.collection(database, name), scaleOf(context)) };
}

function dbStats(context: CommandContext): CommandResult {
  const { database, server } = context;
  const scale = scaleOf(context);
  const collections = server.store.catalog.collections(database);
  const objects = collections.reduce((sum, { table }) => sum + table.count(), 0);
  const bytes = collections.reduce((sum, { table }) => sum + table.dataBytes(), 0);
  return {
    db: database,
    collections: Long.fromNumber(collections.length),
    views: Long.ZERO,
    objects: Long.fromNumber(objects),
    avgObjSize: new Double(objects === 0 ? 0 : bytes / objects),
    dataSize: new Double(scaled(bytes, scale)),
    storageSize: new Double(scaled(bytes, scale)),
    indexes: Long.fromNumber(collections.reduce((sum, { indexes }) => sum + indexes.length + 1, 0)),
    indexSize: new Double(0),
    totalSize: new Double(scaled(bytes, scale)),
    scaleFactor: Long.fromNumber(scale),
    fsUsedSize: new Double(0),
    fsTotalSize: new Double(0),
  };
}

function validate({ body, database, access }: CommandContext): CommandResult {
  const name = collectionName(body, database);
  const collection = access.collection(database, name);
  if (collection === undefined) {
    throw new MongoFailure('NamespaceNotFound', `Collection '${database}.${name}' does not exist to validate.`);
  }
  const nrecords = Long.fromNumber(collection.table.count());
  return {
    ns: `${database}.${name}`,
    nInvalidDocuments: Long.ZERO,
    nrecords,
    nIndexes: collection.indexes.length + 1,
    valid: true,
    repaired: false,
    warnings: [],
    errors: [],
    extraIndexEntries: [],
    missingIndexEntries: [],
  };
}

/** Counts and sizes. Sizes cover the documents only; SQLite's overhead is not attributed to collections. */
export const statisticsCommands: readonly Command[] = [
  { names: ['collStats', 'collstats'], run: collStats },
  { names: ['dbStats', 'dbstats'], run: dbStats },
  { names: ['validate'], run: validate },
];
