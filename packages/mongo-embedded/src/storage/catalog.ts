import { randomUUID } from 'node:crypto';
import type { Database } from 'better-sqlite3';
import { findElement } from '../bson/raw-element.ts';
import { CollectionTable } from './collection-table.ts';
import { IndexTable } from './index-table.ts';

/** One collection with its tables. Options are the raw document that `create` was given, without the name. */
export interface Collection {
  readonly id: number;
  readonly database: string;
  readonly name: string;
  readonly uuid: Buffer;
  /** The history's number for this name and UUID. */
  readonly namespace: number;
  readonly options: Buffer;
  readonly table: CollectionTable;
  readonly indexes: IndexTable[];
}

/** A fresh UUID's sixteen bytes. */
export function newUuid(): Buffer {
  return Buffer.from(randomUUID().replaceAll('-', ''), 'hex');
}

/**
 * Which databases, collections and indexes exist.
 *
 * Kept both in memory and in the file; after a failed commit the owner calls `reload`. Every method that changes
 * something must run inside the commit group's transaction.
 */
export class Catalog {
  readonly #sqlite: Database;
  #databases = new Map<string, Map<string, Collection>>();

  /** `mends`: completes what an earlier run has left incomplete, which a replica set's secondary must not do. */
  constructor(sqlite: Database, { mends }: { readonly mends: boolean }) {
    this.#sqlite = sqlite;
    this.reload();
    if (mends) this.mendIndexes();
  }

  reload(): void {
    // Commands that began before may go on with what they found then.
    for (const collection of this.#all()) {
      collection.table.drop();
      for (const index of collection.indexes) index.drop();
    }
    this.#read(new Map());
  }

  /** Follows the changes of another member. Reads that have begun go on, except those of what is gone. */
  refresh(): void {
    const before = this.#all();
    this.#read(new Map(before.map(({ id, table }) => [id, table])));
    const collections = new Set(this.#all().map(({ id }) => id));
    const indexes = new Set(this.#all().flatMap((collection) => collection.indexes.map(({ id }) => id)));
    for (const { id, table } of before) if (!collections.has(id)) table.drop();
    for (const index of before.flatMap((collection) => collection.indexes)) if (!indexes.has(index.id)) index.drop();
  }

  /** Another member has changed documents. */
  forgetSizes(): void {
    for (const { table } of this.#all()) table.forgetSizes();
  }

  #read(tables: ReadonlyMap<number, CollectionTable>): void {
    this.#databases = new Map();
    const rows = this.#sqlite
      .prepare('SELECT id, database, name, uuid, namespace, options FROM collection ORDER BY id')
      .raw()
      .all();
    for (const [id, database, name, uuid, namespace, options] of rows as [
      number,
      string,
      string,
      Buffer,
      number,
      Buffer,
    ][]) {
      const table = tables.get(id) ?? new CollectionTable(this.#sqlite, id);
      this.#put({ id, database, name, uuid, namespace, options, table, indexes: this.#loadIndexes(id) });
    }
  }

  find(database: string, name: string): Collection | undefined {
    return this.#databases.get(database)?.get(name);
  }

  findByUuid(uuid: Uint8Array): Collection | undefined {
    for (const collections of this.#databases.values()) {
      for (const collection of collections.values()) if (collection.uuid.equals(uuid)) return collection;
    }
    return undefined;
  }

  databases(): string[] {
    return [...this.#databases.keys()].sort();
  }

  collections(database: string): Collection[] {
    return [...(this.#databases.get(database)?.values() ?? [])];
  }

  create(wanted: { database: string; name: string; options: Uint8Array; uuid: Buffer }): Collection {
    const { database, name, uuid } = wanted;
    const options = Buffer.from(wanted.options);
    const namespace = this.newNamespace(database, name, uuid);
    const result = this.#sqlite
      .prepare('INSERT INTO collection(database, name, uuid, namespace, options) VALUES (?, ?, ?, ?, ?)')
      .run(database, name, uuid, namespace, options);
    const id = Number(result.lastInsertRowid);
    CollectionTable.create(this.#sqlite, id);
    const table = new CollectionTable(this.#sqlite, id);
    const collection: Collection = { id, database, name, uuid, namespace, options, table, indexes: [] };
    this.#put(collection);
    return collection;
  }

  /** `sequence` is the last history entry that may mention the collection. */
  drop(collection: Collection, sequence: number): void {
    for (const index of [...collection.indexes]) this.dropIndex(collection, index);
    collection.table.drop();
    this.#sqlite.prepare('DELETE FROM collection WHERE id = ?').run(collection.id);
    this.retireNamespace(collection.namespace, sequence);
    this.#remove(collection);
  }

  rename(collection: Collection, to: { database: string; name: string }, sequence: number): Collection {
    this.retireNamespace(collection.namespace, sequence);
    const namespace = this.newNamespace(to.database, to.name, collection.uuid);
    this.#sqlite
      .prepare('UPDATE collection SET database = ?, name = ?, namespace = ? WHERE id = ?')
      .run(to.database, to.name, namespace, collection.id);
    this.#remove(collection);
    const renamed: Collection = { ...collection, ...to, namespace };
    this.#put(renamed);
    return renamed;
  }

  setOptions(collection: Collection, options: Uint8Array): Collection {
    const changed: Collection = { ...collection, options: Buffer.from(options) };
    this.#sqlite.prepare('UPDATE collection SET options = ? WHERE id = ?').run(changed.options, collection.id);
    this.#put(changed);
    return changed;
  }

  /** Writers maintain the index from now on. It is ready at once if the collection is empty. */
  createIndex(collection: Collection, specification: Buffer, { isReady }: { readonly isReady: boolean }): IndexTable {
    const name = findElement(specification, 'name')?.bytes.toString('utf8', 4).slice(0, -1) ?? '';
    const result = this.#sqlite
      .prepare(
        'INSERT INTO collection_index(collection, name, specification, state, is_multikey) VALUES (?, ?, ?, ?, 0)',
      )
      .run(collection.id, name, specification, isReady ? 'ready' : 'building');
    const id = Number(result.lastInsertRowid);
    IndexTable.create(this.#sqlite, id);
    const index = new IndexTable(this.#sqlite, { id, specification, state: { isReady, isMultikey: false } });
    collection.indexes.push(index);
    return index;
  }

  /** The index has the keys of all documents: reads may use it. */
  completeIndex(index: IndexTable): void {
    this.#sqlite.prepare("UPDATE collection_index SET state = 'ready' WHERE id = ?").run(index.id);
    index.state.isReady = true;
  }

  dropIndex(collection: Collection, index: IndexTable): void {
    index.drop();
    this.#sqlite.prepare('DELETE FROM collection_index WHERE id = ?').run(index.id);
    collection.indexes.splice(collection.indexes.indexOf(index), 1);
  }

  setIndexSpecification(collection: Collection, index: IndexTable, specification: Uint8Array): void {
    this.#sqlite.prepare('UPDATE collection_index SET specification = ? WHERE id = ?').run(specification, index.id);
    const changed = new IndexTable(this.#sqlite, {
      id: index.id,
      specification: Buffer.from(specification),
      state: index.state,
    });
    collection.indexes.splice(collection.indexes.indexOf(index), 1, changed);
  }

  /** A namespace without a collection is retired at once, with the sequence of its entry. */
  newNamespace(database: string, collection: string | null, uuid: Uint8Array | null): number {
    const insert = this.#sqlite.prepare('INSERT INTO namespace(database, collection, uuid) VALUES (?, ?, ?)');
    return Number(insert.run(database, collection, uuid).lastInsertRowid);
  }

  retireNamespace(namespace: number, sequence: number): void {
    this.#sqlite.prepare('UPDATE namespace SET retired_sequence = ? WHERE id = ?').run(sequence, namespace);
  }

  #loadIndexes(collection: number): IndexTable[] {
    const rows = this.#sqlite
      .prepare('SELECT id, specification, state, is_multikey FROM collection_index WHERE collection = ? ORDER BY id')
      .raw();
    return (rows.all(collection) as [number, Buffer, string, number][]).map(
      ([id, specification, state, isMultikey]) => {
        const read = { isReady: state === 'ready', isMultikey: isMultikey === 1 };
        return new IndexTable(this.#sqlite, { id, specification, state: read });
      },
    );
  }

  /** Builds again the entries of stale indexes, and drops the indexes whose build was never completed. */
  mendIndexes(): void {
    const states = this.#sqlite.prepare<unknown[], string>('SELECT state FROM collection_index WHERE id = ?').pluck();
    this.#sqlite.transaction(() => {
      for (const collection of this.#all()) {
        const unready = collection.indexes.filter(({ state }) => !state.isReady);
        for (const index of unready) this.#mend(collection, index, states.get(index.id));
      }
    })();
  }

  #mend(collection: Collection, index: IndexTable, state: string | undefined): void {
    if (state === 'stale') this.#rebuild(collection, index);
    else this.dropIndex(collection, index);
  }

  #rebuild({ table }: Collection, index: IndexTable): void {
    this.#sqlite.exec(`DROP TABLE x_${index.id}`);
    IndexTable.create(this.#sqlite, index.id);
    const limit = { rows: 1000, bytes: 4 * 1024 * 1024 };
    let page = table.pageByRow(null, false, limit);
    for (let last = page.at(-1); last !== undefined; last = page.at(-1)) {
      for (const { row, document } of page) index.insert(index.keysOf(document), row);
      page = table.pageByRow(last.row, false, limit);
    }
    this.completeIndex(index);
  }

  #all(): Collection[] {
    return this.databases().flatMap((database) => this.collections(database));
  }

  #put(collection: Collection): void {
    const collections = this.#databases.get(collection.database) ?? new Map<string, Collection>();
    collections.set(collection.name, collection);
    this.#databases.set(collection.database, collections);
  }

  #remove(collection: Collection): void {
    const collections = this.#databases.get(collection.database);
    collections?.delete(collection.name);
    if (collections?.size === 0) this.#databases.delete(collection.database);
  }
}
