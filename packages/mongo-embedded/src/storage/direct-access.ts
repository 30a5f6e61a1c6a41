import { BsonWriter } from '../bson/bson-writer.ts';
import type { Stamp } from '../history/history-log.ts';
import { documentKeyOf } from '../history/history-row.ts';
import type { Collection } from './catalog.ts';
import { storesImages } from './collection-options.ts';
import type { StoredDocument } from './collection-table.ts';
import type { DocumentAccess, PageReader, Replacement, ScanPlan } from './document-access.ts';
import { LockedByTransaction } from './document-access.ts';
import { duplicateKey } from './duplicate-key.ts';
import type { IndexTable } from './index-table.ts';
import type { LockTable } from './lock-table.ts';
import { createCollection } from './schema-change.ts';
import type { Store } from './store.ts';
import { readTablePages } from './table-pages.ts';

/** The transaction fields that a change carries. */
export interface Origin {
  readonly lsid: Uint8Array | null;
  readonly txnNumber: bigint | null;
  /** The stamp shared by all changes of the transaction; null outside a transaction. */
  readonly stamp: Stamp | null;
}

const noOrigin: Origin = { lsid: null, txnNumber: null, stamp: null };

interface IndexKeys {
  readonly index: IndexTable;
  readonly keys: readonly Buffer[];
}

/**
 * Reads and writes the tables directly; each write and its history entry share one SQLite transaction (I2). A
 * committing transaction uses it to apply its buffered writes, with its own origin.
 */
export class DirectAccess implements DocumentAccess {
  readonly #store: Store;
  readonly #locks: LockTable;
  readonly #origin: Origin;

  constructor(store: Store, locks: LockTable, origin: Origin = noOrigin) {
    this.#store = store;
    this.#locks = locks;
    this.#origin = origin;
  }

  collection(database: string, name: string): Collection | undefined {
    return this.#store.catalog.find(database, name);
  }

  collectionForWrite(database: string, name: string): Collection {
    return this.collection(database, name) ?? createCollection(this.#store, { database, name }, this.#origin.stamp);
  }

  /** Creates a collection that a transaction has buffered, with its indexes. */
  createPending({ database, name, options, uuid, indexes }: Collection): Collection {
    const { catalog, history } = this.#store;
    const collection = createCollection(this.#store, { database, name, options, uuid }, this.#origin.stamp);
    for (const index of indexes) {
      catalog.createIndex(collection, index.specification, { isReady: true });
      const operationDescription = new BsonWriter().documents('indexes', [index.specification]).finish();
      history.append(collection.namespace, { kind: 'createIndexes', operationDescription }, this.stamp());
    }
    return collection;
  }

  get(collection: Collection, key: Uint8Array): StoredDocument | undefined {
    return collection.table.get(key);
  }

  get keepsIndexOrder(): boolean {
    return true;
  }

  pages(collection: Collection, plan: ScanPlan): PageReader {
    return readTablePages(collection, plan);
  }

  stamp(): Stamp {
    return this.#origin.stamp ?? this.#store.history.stamp();
  }

  insert(
    collection: Collection,
    document: { readonly key: Uint8Array; readonly bytes: Uint8Array },
    stamp: Stamp,
  ): void {
    const { key, bytes } = document;
    this.#lock(collection, key);
    const indexKeys = this.#checkIndexes(collection, bytes, null);
    this.#store.group.enter();
    const row = this.#insertRow(collection, key, bytes);
    for (const { index, keys } of indexKeys) index.insert(keys, row);
    this.#store.versions.record(collection, key, null);
    const postImage = storesImages(collection) ? bytes : null;
    this.#append(collection, { kind: 'insert', document: bytes, postImage }, stamp);
  }

  replace(collection: Collection, stored: StoredDocument, replacement: Replacement): void {
    const { document, kind, updateDescription } = replacement;
    this.#lock(collection, stored.key);
    const added = this.#checkIndexes(collection, document, stored.row);
    const removed = this.#indexKeys(collection, stored.document);
    this.#store.group.enter();
    for (const [position, { index, keys }] of added.entries()) {
      const before = removed[position]?.keys ?? [];
      if (keys.length === before.length && keys.every((key, at) => before[at]?.equals(key) === true)) continue;
      index.remove(before, stored.row);
      index.insert(keys, stored.row);
    }
    collection.table.replace(stored, document);
    this.#store.versions.record(collection, stored.key, stored);
    const hasImages = storesImages(collection);
    const change = {
      kind,
      documentKey: documentKeyOf(document),
      document: kind === 'replace' ? document : null,
      updateDescription,
      preImage: hasImages ? stored.document : null,
      postImage: hasImages ? document : null,
    } as const;
    this.#append(collection, change, this.stamp());
  }

  remove(collection: Collection, stored: StoredDocument): void {
    this.#lock(collection, stored.key);
    this.#store.group.enter();
    for (const { index, keys } of this.#indexKeys(collection, stored.document)) index.remove(keys, stored.row);
    collection.table.remove(stored);
    this.#store.versions.record(collection, stored.key, stored);
    const preImage = storesImages(collection) ? stored.document : null;
    this.#append(collection, { kind: 'delete', documentKey: documentKeyOf(stored.document), preImage }, this.stamp());
  }

  #append(collection: Collection, change: Parameters<Store['history']['append']>[1], stamp: Stamp): void {
    const { lsid, txnNumber } = this.#origin;
    const owned = lsid === null ? change : { ...change, lsid, txnNumber };
    this.#store.history.append(collection.namespace, owned, stamp);
  }

  #lock(collection: Collection, key: Uint8Array): void {
    if (this.#origin.stamp !== null) return;
    const ended = this.#locks.holder(collection, key);
    if (ended !== null) throw new LockedByTransaction(ended);
  }

  #indexKeys(collection: Collection, document: Uint8Array): IndexKeys[] {
    if (collection.indexes.length === 0) return [];
    return collection.indexes.map((index) => ({ index, keys: index.keysOf(document) }));
  }

  #checkIndexes(collection: Collection, document: Uint8Array, ownRow: number | null): IndexKeys[] {
    const all = this.#indexKeys(collection, document);
    for (const { index, keys } of all) {
      if (index.isUnique && isTaken(index, keys, ownRow)) throw duplicateKey(collection, index, document);
    }
    return all;
  }

  #insertRow(collection: Collection, key: Uint8Array, document: Uint8Array): number {
    try {
      return collection.table.insert(key, document);
    } catch (error) {
      const isDuplicate = error instanceof Error && 'code' in error && error.code === 'SQLITE_CONSTRAINT_UNIQUE';
      throw isDuplicate ? duplicateKey(collection, null, document) : error;
    }
  }
}

/** Whether another row than the document's own has one of the keys. */
function isTaken(index: IndexTable, keys: readonly Buffer[], ownRow: number | null): boolean {
  return keys.some((key) => {
    const row = index.find(key);
    return row !== undefined && row !== ownRow;
  });
}
