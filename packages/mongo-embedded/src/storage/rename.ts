import { BsonWriter } from '../bson/bson-writer.ts';
import type { Collection } from './catalog.ts';
import { DirectAccess } from './direct-access.ts';
import type { LockTable } from './lock-table.ts';
import { createCollection, dropCollection } from './schema-change.ts';
import type { Store } from './store.ts';
import { readTablePages } from './table-pages.ts';

export interface Rename {
  readonly collection: Collection;
  readonly target: { readonly database: string; readonly name: string };
  /** The collection that currently has the target's name; it is dropped. */
  readonly replaced: Collection | undefined;
}

const pageLimit = { rows: 1000, bytes: 4 * 1024 * 1024 };

/**
 * Renames a collection within its database; it keeps its UUID. Writes one entry, with the UUID of a replaced target.
 */
export function renameCollection(store: Store, { collection, target, replaced }: Rename): void {
  store.group.enter();
  const description = new BsonWriter()
    .beginDocument('to')
    .string('db', target.database)
    .string('coll', target.name)
    .end();
  if (replaced !== undefined) description.binary('dropTarget', replaced.uuid, 4);
  const change = {
    kind: 'rename',
    renameTo: { database: target.database, collection: target.name },
    operationDescription: description.finish(),
  } as const;
  store.history.append(collection.namespace, change, store.history.stamp());
  if (replaced !== undefined) store.catalog.drop(replaced, store.history.appendedSequence);
  store.catalog.rename(collection, target, store.history.appendedSequence);
}

/**
 * Moves a collection to another database as mongod does: a copy under a temporary name with a new UUID, renamed into place,
 * then the source dropped; a document per step. Source: manual, renameCollection.
 */
export function* copyToDatabase(
  { store, locks }: { store: Store; locks: LockTable },
  { collection, target, replaced }: Rename,
): Generator<void> {
  const access = new DirectAccess(store, locks);
  const { database } = target;
  const copy = createCollection(store, { database, name: temporaryName(store, database), options: collection.options });
  for (const { specification } of collection.indexes) {
    store.catalog.createIndex(copy, specification, { isReady: true });
    const operationDescription = new BsonWriter().documents('indexes', [specification]).finish();
    store.history.append(copy.namespace, { kind: 'createIndexes', operationDescription }, store.history.stamp());
  }
  const pages = readTablePages(collection, { keys: null, range: null, isDescending: false });
  for (let page = pages.next(pageLimit); page !== null; page = pages.next(pageLimit)) {
    const stamp = access.stamp();
    for (const { key, document } of page) {
      access.insert(copy, { key, bytes: document }, stamp);
      yield;
    }
  }
  renameCollection(store, { collection: copy, target, replaced });
  dropCollection(store, collection);
}

function temporaryName(store: Store, database: string): string {
  for (let attempt = 0; ; attempt += 1) {
    const name = `tmp${attempt}.renameCollection`;
    if (store.catalog.find(database, name) === undefined) return name;
  }
}
