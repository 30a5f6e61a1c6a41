import { BsonWriter } from '../bson/bson-writer.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { Stamp } from '../history/history-log.ts';
import { type Collection, newUuid } from './catalog.ts';
import { viewOf } from './collection-options.ts';
import type { Store } from './store.ts';

const emptyDocument = Buffer.from([5, 0, 0, 0, 0]);

/** The index that every collection has, as `listIndexes` and the history show it. */
export const idIndexSpecification: Buffer = new BsonWriter()
  .int32('v', 2)
  .beginDocument('key')
  .int32('_id', 1)
  .end()
  .string('name', '_id_')
  .finish();

export interface NewCollection {
  readonly database: string;
  readonly name: string;
  readonly options?: Uint8Array;
  readonly uuid?: Buffer;
}

/** The names of two databases may not differ only in case. Source: manual, "MongoDB Limits and Thresholds". */
function checkDatabaseCase(store: Store, database: string): void {
  const lower = database.toLowerCase();
  const other = store.catalog.databases().find((name) => name !== database && name.toLowerCase() === lower);
  if (other === undefined) return;
  throw new MongoFailure(
    'DatabaseDifferCase',
    `db already exists with different case already have: [${other}] trying to create [${database}]`,
  );
}

/** Creates a collection and logs it. It must not exist. */
export function createCollection(store: Store, wanted: NewCollection, shared: Stamp | null = null): Collection {
  const options = wanted.options ?? emptyDocument;
  const { database, name } = wanted;
  checkDatabaseCase(store, database);
  store.group.enter();
  const collection = store.catalog.create({ database, name, options, uuid: wanted.uuid ?? newUuid() });
  const isView = viewOf(collection) !== null;
  const description = new BsonWriter().elements(options);
  if (!isView) description.document('idIndex', idIndexSpecification);
  const nsType = isView ? 'view' : 'collection';
  const change = { kind: 'create', operationDescription: description.finish(), nsType } as const;
  store.history.append(collection.namespace, change, shared ?? store.history.stamp());
  return collection;
}

/** Logs new indexes: one entry each on an empty collection, one entry for all otherwise, as mongod does. */
export function recordIndexes(store: Store, collection: Collection, built: readonly Buffer[]): void {
  const groups = collection.table.count() === 0 ? built.map((specification) => [specification]) : [built];
  for (const group of groups) {
    if (group.length === 0) continue;
    const operationDescription = new BsonWriter().documents('indexes', group).finish();
    store.history.append(collection.namespace, { kind: 'createIndexes', operationDescription }, store.history.stamp());
  }
}

/** Drops a collection and logs it. */
export function dropCollection(store: Store, collection: Collection): void {
  store.group.enter();
  // mongod logs the end of a view in its catalog of views only, which streams do not show.
  if (viewOf(collection) === null) store.history.append(collection.namespace, { kind: 'drop' }, store.history.stamp());
  store.catalog.drop(collection, store.history.appendedSequence);
}

/** Drops every collection of a database, then logs the drop of the database. */
export function dropDatabase(store: Store, database: string): void {
  store.group.enter();
  for (const collection of store.catalog.collections(database)) dropCollection(store, collection);
  const namespace = store.catalog.newNamespace(database, null, null);
  store.history.append(namespace, { kind: 'dropDatabase' }, store.history.stamp());
  store.catalog.retireNamespace(namespace, store.history.appendedSequence);
}
