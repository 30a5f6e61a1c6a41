import { MongoFailure } from '../error/mongo-failure.ts';
import type { Stamp } from '../history/history-log.ts';
import { type Collection, newUuid } from '../storage/catalog.ts';
import { CollectionTable, type StoredDocument } from '../storage/collection-table.ts';
import { DirectAccess } from '../storage/direct-access.ts';
import type { DocumentAccess, PageReader, Replacement, ScanPlan } from '../storage/document-access.ts';
import { duplicateKey } from '../storage/duplicate-key.ts';
import { IndexTable } from '../storage/index-table.ts';
import type { LockOwner, LockTable } from '../storage/lock-table.ts';
import type { Store } from '../storage/store.ts';
import { keyName } from '../storage/version-log.ts';
import { type Overlay, readOverlaidPages } from './overlaid-pages.ts';
import { WrittenKeys } from './written-keys.ts';

type Operation =
  | {
      readonly kind: 'insert';
      readonly collection: Collection;
      readonly key: Uint8Array;
      readonly document: Uint8Array;
    }
  | {
      readonly kind: 'replace';
      readonly collection: Collection;
      readonly key: Uint8Array;
      readonly replacement: Replacement;
    }
  | { readonly kind: 'remove'; readonly collection: Collection; readonly key: Uint8Array };

/** One row number that no table uses: the document has not been stored yet. */
const notStored = -1;

/** Maximum bytes of writes buffered by one transaction (TransactionTooLarge 257). */
const transactionBytesMax = 512 * 1024 * 1024;

const noStamp: Stamp = { time: { seconds: 0, increment: 0 }, wallTimeMs: 0, ordinal: 0 };

export interface TransactionAccessDependencies {
  readonly store: Store;
  readonly locks: LockTable;
  readonly owner: LockOwner;
  /** The error of every use after the end. */
  readonly over: () => MongoFailure;
}

/**
 * Documents as one transaction sees them: its snapshot, with its own writes on top.
 *
 * Writes are buffered here; the commit applies them in order in one SQLite transaction. Writing a document that
 * another transaction has locked, or that changed after the snapshot, fails at once with WriteConflict 112: the first
 * writer wins, as in mongod. Every use after `release` fails: a statement that is still running when its transaction
 * is aborted must not take locks that nobody releases.
 */
export class TransactionAccess implements DocumentAccess {
  readonly #dependencies: TransactionAccessDependencies;
  readonly #snapshot: number;
  readonly #written = new Map<number, Map<string, StoredDocument | null>>();
  readonly #operations: Operation[] = [];
  readonly #unique = new WrittenKeys((collection) => this.#written.get(collection.id) ?? new Map());
  readonly #created = new Map<string, Collection>();
  #bytes = 0;
  #isReleased = false;

  constructor(dependencies: TransactionAccessDependencies) {
    this.#dependencies = dependencies;
    this.#snapshot = dependencies.store.versions.open();
  }

  collection(database: string, name: string): Collection | undefined {
    this.#checkOpen();
    return this.#created.get(`${database}.${name}`) ?? this.#dependencies.store.catalog.find(database, name);
  }

  collectionForWrite(database: string, name: string): Collection {
    return this.collection(database, name) ?? this.create(database, name, Buffer.from([5, 0, 0, 0, 0]));
  }

  /** A collection that the commit creates. */
  create(database: string, name: string, options: Buffer): Collection {
    const id = -1 - this.#created.size;
    const table = new CollectionTable(this.#dependencies.store.sqlite, id);
    const collection: Collection = { id, database, name, uuid: newUuid(), namespace: 0, options, table, indexes: [] };
    this.#created.set(`${database}.${name}`, collection);
    return collection;
  }

  /** An index that is created with its collection. */
  planIndex(collection: Collection, specification: Buffer): void {
    const state = { isReady: true, isMultikey: false };
    collection.indexes.push(
      new IndexTable(this.#dependencies.store.sqlite, { id: collection.id, specification, state }),
    );
  }

  get(collection: Collection, key: Uint8Array): StoredDocument | undefined {
    this.#checkOpen();
    const own = this.#written.get(collection.id)?.get(keyName(key));
    if (own !== undefined) return own ?? undefined;
    if (collection.id < 0) return undefined;
    const before = this.#dependencies.store.versions.before(collection, key, this.#snapshot);
    return before === undefined ? collection.table.get(key) : (before ?? undefined);
  }

  get keepsIndexOrder(): boolean {
    return false;
  }

  pages(collection: Collection, plan: ScanPlan): PageReader {
    return readOverlaidPages(collection, plan, {
      get: (key) => this.get(collection, key),
      overlay: () => this.#overlay(collection),
    });
  }

  stamp(): Stamp {
    return noStamp;
  }

  insert(collection: Collection, { key, bytes }: { readonly key: Uint8Array; readonly bytes: Uint8Array }): void {
    this.#acquire(collection, key);
    if (this.get(collection, key) !== undefined) throw duplicateKey(collection, null, bytes);
    this.#checkIndexes(collection, key, bytes);
    this.#operations.push({ kind: 'insert', collection, key, document: bytes });
    this.#put(collection, key, { row: notStored, key: Buffer.from(key), document: Buffer.from(bytes) });
  }

  replace(collection: Collection, stored: StoredDocument, replacement: Replacement): void {
    this.#acquire(collection, stored.key);
    this.#checkIndexes(collection, stored.key, replacement.document);
    this.#operations.push({ kind: 'replace', collection, key: stored.key, replacement });
    this.#put(collection, stored.key, { ...stored, document: Buffer.from(replacement.document) });
  }

  remove(collection: Collection, stored: StoredDocument): void {
    this.#acquire(collection, stored.key);
    this.#operations.push({ kind: 'remove', collection, key: stored.key });
    this.#put(collection, stored.key, null);
  }

  get hasWrites(): boolean {
    return this.#operations.length > 0 || this.#created.size > 0;
  }

  /**
   * Applies everything in the order it was done, under one stamp, a write per step. Throws before the first write if that
   * cannot succeed.
   */
  *apply(origin: { readonly lsid: Uint8Array; readonly txnNumber: bigint }): Generator<void> {
    const { store, locks } = this.#dependencies;
    yield* this.#checkCommit();
    const direct = new DirectAccess(store, locks, { ...origin, stamp: store.history.stamp() });
    const stamp = direct.stamp();
    const created = new Map<Collection, Collection>();
    for (const collection of this.#created.values()) {
      created.set(collection, direct.createPending(collection));
    }
    for (const operation of this.#operations) {
      const collection = created.get(operation.collection) ?? this.#current(operation.collection);
      if (operation.kind === 'insert')
        direct.insert(collection, { key: operation.key, bytes: operation.document }, stamp);
      else changeStored(direct, collection, operation);
      yield;
    }
  }

  /** Releases the snapshot and the locks, after commit or abort. Idempotent. */
  release(): void {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#dependencies.locks.releaseAll(this.#dependencies.owner);
    this.#dependencies.store.versions.release();
  }

  #current(collection: Collection): Collection {
    return this.#dependencies.store.catalog.find(collection.database, collection.name) ?? collection;
  }

  #checkOpen(): void {
    if (this.#isReleased) throw this.#dependencies.over();
  }

  #overlay(collection: Collection): Overlay {
    this.#checkOpen();
    const overlay: Overlay = new Map(this.#dependencies.store.versions.changedSince(collection, this.#snapshot));
    for (const [name, stored] of this.#written.get(collection.id) ?? []) overlay.set(name, stored);
    return overlay;
  }

  #acquire(collection: Collection, key: Uint8Array): void {
    this.#checkOpen();
    const { store, locks, owner } = this.#dependencies;
    const isHeld = !locks.acquire(owner, collection, key);
    const isOwn = this.#written.get(collection.id)?.has(keyName(key)) === true;
    if (isHeld || (!isOwn && store.versions.before(collection, key, this.#snapshot) !== undefined))
      throw writeConflict();
  }

  #put(collection: Collection, key: Uint8Array, stored: StoredDocument | null): void {
    const documents = this.#written.get(collection.id) ?? new Map<string, StoredDocument | null>();
    const name = keyName(key);
    this.#unique.change(collection, name, { before: documents.get(name)?.document, after: stored?.document });
    documents.set(name, stored);
    this.#written.set(collection.id, documents);
    this.#bytes += (stored?.document.length ?? 0) + key.length + 64;
    if (this.#bytes > transactionBytesMax)
      throw new MongoFailure('TransactionTooLarge', 'Total size of all transaction operations is too large');
  }

  #checkIndexes(collection: Collection, key: Uint8Array, document: Uint8Array): void {
    const written = this.#written.get(collection.id);
    for (const index of collection.indexes.filter(({ isUnique }) => isUnique)) {
      const keys = index.keysOf(document);
      const isTaken = keys.some((indexKey) => {
        const row = collection.id < 0 ? undefined : index.find(indexKey);
        const holder = row === undefined ? undefined : collection.table.getRow(row);
        return holder !== undefined && !holder.key.equals(key) && written?.has(keyName(holder.key)) !== true;
      });
      const isTakenHere = this.#unique.isTaken(collection, index, { keys, name: keyName(key) });
      if (isTaken || isTakenHere) throw duplicateKey(collection, index, document);
    }
  }

  /** Checks for concurrent changes first, so that `apply` cannot fail half-way. */
  *#checkCommit(): Generator<void> {
    const { catalog } = this.#dependencies.store;
    for (const { database, name } of this.#created.values()) {
      if (catalog.find(database, name) !== undefined) throw writeConflict();
    }
    for (const operation of this.#operations) {
      this.#checkOperation(operation);
      yield;
    }
  }

  #checkOperation(operation: Operation): void {
    if (operation.kind === 'remove') return;
    const { collection, key } = operation;
    const document = operation.kind === 'insert' ? operation.document : operation.replacement.document;
    const isLast = this.#written.get(collection.id)?.get(keyName(key))?.document.equals(document) === true;
    if (!isLast) return;
    try {
      this.#checkIndexes(collection, key, document);
    } catch {
      throw writeConflict();
    }
  }
}

function changeStored(
  direct: DirectAccess,
  collection: Collection,
  operation: Exclude<Operation, { readonly kind: 'insert' }>,
): void {
  const stored = direct.get(collection, operation.key);
  if (stored === undefined) throw new Error('A document that the transaction holds is gone');
  if (operation.kind === 'replace') direct.replace(collection, stored, operation.replacement);
  else direct.remove(collection, stored);
}

export function writeConflict(): MongoFailure {
  const message =
    'Caused by :: Write conflict during plan execution and yielding is disabled. :: Please retry your operation or multi-document transaction.';
  return new MongoFailure('WriteConflict', message);
}
