import { randomUUID } from 'node:crypto';
import type { Database } from 'better-sqlite3';
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

  constructor(sqlite: Database) {
    this.#sqlite = sqlite;
    this.reload();
  }

  reload(): void {
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
      const table = new CollectionTable(this.#sqlite, id);
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

  createIndex(collection: Collection, name: string, specification: Buffer): IndexTable {
    const result = this.#sqlite
      .prepare(
        "INSERT INTO collection_index(collection, name, specification, state, is_multikey) VALUES (?, ?, ?, 'stale', 0)",
      )
      .run(collection.id, name, specification);
    const id = Number(result.lastInsertRowid);
    IndexTable.create(this.#sqlite, id);
    const index = new IndexTable(this.#sqlite, id, specification);
    collection.indexes.push(index);
    return index;
  }

  dropIndex(collection: Collection, index: IndexTable): void {
    index.drop();
    this.#sqlite.prepare('DELETE FROM collection_index WHERE id = ?').run(index.id);
    collection.indexes.splice(collection.indexes.indexOf(index), 1);
  }

  setIndexSpecification(collection: Collection, index: IndexTable, specification: Uint8Array): void {
    this.#sqlite.prepare('UPDATE collection_index SET specification = ? WHERE id = ?').run(specification, index.id);
    const changed = new IndexTable(this.#sqlite, index.id, Buffer.from(specification));
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
      .prepare('SELECT id, specification FROM collection_index WHERE collection = ? ORDER BY id')
      .raw();
    return (rows.all(collection) as [number, Buffer][]).map(
      ([id, specification]) => new IndexTable(this.#sqlite, id, specification),
    );
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
