import { bsonTypes } from '@emcachers/bson/bson-types';
import type { Database, Statement } from 'better-sqlite3';
import { numberOf } from '../bson/element-value.ts';
import { findElement, forEachElement } from '../bson/raw-element.ts';
import { type CompiledFilter, compileFilter } from '../query/filter.ts';
import { type IndexPath, indexKeys, indexPath } from './index-keys.ts';
import { TableStatements } from './table-statements.ts';

/** Whether a flag of an index specification is set; MongoDB takes any number for it. */
function isSet(specification: Uint8Array, name: string): boolean {
  const element = findElement(specification, name);
  if (element === undefined) return false;
  return element.type === bsonTypes.boolean ? element.bytes[0] === 1 : (numberOf(element) ?? 0) !== 0;
}

/** What the catalog stores about an index besides its specification. */
export interface IndexState {
  /** False until its build is complete; reads do not use it before. */
  isReady: boolean;
  /** Some document has more than one key. */
  isMultikey: boolean;
}

/** One entry: a key and the row of its document. */
export interface IndexEntry {
  readonly key: Buffer;
  readonly row: number;
}

/** A range of keys; both ends are prefixes of keys or whole keys. */
export interface IndexRange {
  readonly lower: Uint8Array;
  /** Exclusive. */
  readonly upper: Uint8Array;
}

/** A page of the entries of a range. */
export interface IndexPage {
  /** The last entry of the page before; null for the first page. */
  readonly after: IndexEntry | null;
  readonly limit: number;
  readonly isDescending: boolean;
}

/**
 * One index other than `_id_`: its entries are in the table `x_<id>`, ordered by key, then row. Keys ascend whatever the
 * direction of the key pattern. Special indexes (text, hashed, geospatial, wildcard) have no entries.
 */
export class IndexTable {
  readonly id: number;
  readonly specification: Buffer;
  readonly name: string;
  readonly keyPattern: Buffer;
  readonly isUnique: boolean;
  readonly isSparse: boolean;
  readonly paths: readonly IndexPath[];
  readonly state: IndexState;
  /** The `partialFilterExpression`; null for an index of all documents. */
  readonly partial: CompiledFilter | null;
  /** Reads may use it. */
  readonly isUsable: boolean;
  readonly #hasEntries: boolean;
  readonly #database: Database;
  readonly #statements: TableStatements;

  constructor(database: Database, { id, specification, state }: Pick<IndexTable, 'id' | 'specification' | 'state'>) {
    this.#database = database;
    this.#statements = new TableStatements(database);
    this.id = id;
    this.specification = specification;
    this.state = state;
    const name = findElement(specification, 'name');
    this.name = name === undefined ? '' : name.bytes.toString('utf8', 4, name.bytes.length - 1);
    this.keyPattern = findElement(specification, 'key')?.bytes ?? Buffer.from([5, 0, 0, 0, 0]);
    this.isUnique = isSet(specification, 'unique');
    this.isSparse = isSet(specification, 'sparse');
    const partial = findElement(specification, 'partialFilterExpression');
    this.partial = partial === undefined ? null : compileFilter(partial.bytes);
    const paths: IndexPath[] = [];
    let isPlain = true;
    forEachElement(this.keyPattern, (path, element) => {
      paths.push(indexPath(path));
      isPlain &&= element.type !== bsonTypes.string && !path.split('.').includes('$**');
      return undefined;
    });
    this.paths = paths;
    this.#hasEntries = isPlain;
    this.isUsable = isPlain && !isSet(specification, 'hidden');
  }

  static create(database: Database, id: number): void {
    database.exec(`CREATE TABLE x_${id}(k BLOB NOT NULL, r INTEGER NOT NULL, PRIMARY KEY(k, r)) STRICT, WITHOUT ROWID`);
  }

  /** Ends all use of the table; it is removed later. */
  drop(): void {
    this.#statements.drop();
  }

  /** The document's keys in this index; none if the index does not cover it. Throws CannotIndexParallelArrays 171. */
  keysOf(document: Uint8Array): Buffer[] {
    if (!this.#hasEntries) return [];
    if (this.partial !== null && !this.partial.matches(document)) return [];
    return indexKeys(document, this.paths, this.isSparse);
  }

  /** Whether the index has every document: it is neither sparse nor partial. */
  get coversAll(): boolean {
    return this.partial === null && !this.isSparse;
  }

  /** Whether the index has the document. A sparse index has those with any of its paths. */
  covers(document: Uint8Array): boolean {
    if (this.partial !== null && !this.partial.matches(document)) return false;
    return !this.isSparse || this.paths.some((path) => indexKeys(document, [path], true).length > 0);
  }

  /** The first row that has the key. */
  find(key: Uint8Array): number | undefined {
    const row = this.#statement(`SELECT r FROM x_${this.id} WHERE k = ? LIMIT 1`).pluck().get(key);
    return row as number | undefined;
  }

  /** Adds the keys of one document; those that are already there stay. */
  insert(keys: readonly Uint8Array[], row: number): void {
    const statement = this.#statement(`INSERT OR IGNORE INTO x_${this.id}(k, r) VALUES (?, ?)`);
    for (const key of keys) statement.run(key, row);
    if (keys.length > 1 && !this.state.isMultikey) this.#setMultikey();
  }

  remove(keys: readonly Uint8Array[], row: number): void {
    const statement = this.#statement(`DELETE FROM x_${this.id} WHERE k = ? AND r = ?`);
    for (const key of keys) statement.run(key, row);
  }

  /** The entries of a range after the given one, by key and row, or by descending key and row. */
  page(range: IndexRange, { after, limit, isDescending }: IndexPage): IndexEntry[] {
    return isDescending ? this.#pageBackwards(range, after, limit) : this.#pageForwards(range, after, limit);
  }

  #pageForwards({ lower, upper }: IndexRange, after: IndexEntry | null, limit: number): IndexEntry[] {
    const from = after === null ? 'k >= ?' : '(k, r) > (?, ?)';
    const start = after === null ? [lower] : [after.key, after.row];
    return this.#entries(`${from} AND k < ? ORDER BY k, r`, [...start, upper, limit]);
  }

  /** Rows of one key ascend here too, as in MongoDB, where they are in the order of insertion. */
  #pageBackwards({ lower, upper }: IndexRange, after: IndexEntry | null, limit: number): IndexEntry[] {
    const same = after === null ? [] : this.#entries('k = ? AND r > ? ORDER BY r', [after.key, after.row, limit]);
    const left = limit - same.length;
    if (left === 0) return same;
    const below = after === null ? upper : after.key;
    return [...same, ...this.#entries('k >= ? AND k < ? ORDER BY k DESC, r', [lower, below, left])];
  }

  #entries(where: string, values: readonly unknown[]): IndexEntry[] {
    const statement = this.#statement(`SELECT k, r FROM x_${this.id} WHERE ${where} LIMIT ?`).raw();
    return (statement.all(...values) as [Buffer, number][]).map(([key, row]) => ({ key, row }));
  }

  #setMultikey(): void {
    this.#database.prepare('UPDATE collection_index SET is_multikey = 1 WHERE id = ?').run(this.id);
    this.state.isMultikey = true;
  }

  #statement(sql: string): Statement<unknown[], unknown> {
    return this.#statements.get(sql);
  }
}
