import { bsonTypes } from '@emcachers/bson/bson-types';
import type { Database, Statement } from 'better-sqlite3';
import { numberOf } from '../bson/element-value.ts';
import { findElement, forEachElement } from '../bson/raw-element.ts';
import { type CompiledFilter, compileFilter } from '../query/filter.ts';
import { type IndexPath, indexKeys, indexPath, isMissing } from './index-keys.ts';

/** Whether a flag of an index specification is set; MongoDB takes any number for it. */
function isSet(specification: Uint8Array, name: string): boolean {
  const element = findElement(specification, name);
  if (element === undefined) return false;
  return element.type === bsonTypes.boolean ? element.bytes[0] === 1 : (numberOf(element) ?? 0) !== 0;
}

/**
 * One index other than `_id_`. Only unique indexes have entries (table `x_<id>`: key → row), because they constrain
 * writes. Other indexes exist as metadata; reads do not use them.
 */
export class IndexTable {
  readonly id: number;
  readonly specification: Buffer;
  readonly name: string;
  readonly keyPattern: Buffer;
  readonly isUnique: boolean;
  readonly paths: readonly IndexPath[];
  readonly #isSparse: boolean;
  readonly #partial: CompiledFilter | null;
  readonly #database: Database;
  #find: Statement<unknown[], number> | null = null;
  #insert: Statement | null = null;
  #remove: Statement | null = null;

  constructor(database: Database, id: number, specification: Buffer) {
    this.#database = database;
    this.id = id;
    this.specification = specification;
    const name = findElement(specification, 'name');
    this.name = name === undefined ? '' : name.bytes.toString('utf8', 4, name.bytes.length - 1);
    this.keyPattern = findElement(specification, 'key')?.bytes ?? Buffer.from([5, 0, 0, 0, 0]);
    this.isUnique = isSet(specification, 'unique');
    this.#isSparse = isSet(specification, 'sparse');
    const partial = findElement(specification, 'partialFilterExpression');
    this.#partial = partial === undefined ? null : compileFilter(partial.bytes);
    const paths: IndexPath[] = [];
    forEachElement(this.keyPattern, (path) => {
      paths.push(indexPath(path));
      return undefined;
    });
    this.paths = paths;
  }

  static create(database: Database, id: number): void {
    database.exec(`CREATE TABLE x_${id}(k BLOB PRIMARY KEY, r INTEGER NOT NULL) STRICT, WITHOUT ROWID`);
  }

  drop(): void {
    this.#find = null;
    this.#insert = null;
    this.#remove = null;
    this.#database.exec(`DROP TABLE x_${this.id}`);
  }

  /** The document's keys in this index; none if the index does not cover it or is not unique. */
  keysOf(document: Uint8Array): Buffer[] {
    if (!this.isUnique) return [];
    if (this.#partial !== null && !this.#partial.matches(document)) return [];
    if (this.#isSparse && this.paths.every((path) => isMissing(document, path))) return [];
    return indexKeys(document, this.paths);
  }

  /** The row that holds the key. */
  find(key: Uint8Array): number | undefined {
    this.#find ??= this.#database.prepare<unknown[], number>(`SELECT r FROM x_${this.id} WHERE k = ?`).pluck();
    return this.#find.get(key);
  }

  insert(key: Uint8Array, row: number): void {
    this.#insert ??= this.#database.prepare(`INSERT INTO x_${this.id}(k, r) VALUES (?, ?)`);
    this.#insert.run(key, row);
  }

  remove(key: Uint8Array): void {
    this.#remove ??= this.#database.prepare(`DELETE FROM x_${this.id} WHERE k = ?`);
    this.#remove.run(key);
  }
}
