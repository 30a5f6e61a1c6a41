import { asBuffer } from '@emcachers/bson/read-bytes';
import type { Database, Statement } from 'better-sqlite3';
import { TableStatements } from './table-statements.ts';

/** One stored document: `row` is its place in insertion order, `key` the order-preserving key of its `_id`. */
export interface StoredDocument {
  readonly row: number;
  readonly key: Buffer;
  readonly document: Buffer;
}

/** Bounds of a walk along the `_id` keys; null is open. */
export interface KeyRange {
  readonly lower: Uint8Array | null;
  readonly isLowerInclusive: boolean;
  readonly upper: Uint8Array | null;
  readonly isUpperInclusive: boolean;
}

/** How much one page may hold; a page always has at least one document if there is one. */
export interface PageLimit {
  readonly rows: number;
  readonly bytes: number;
}

type Row = [number, Buffer, Buffer];

/** A document is read and written so often that looking its statements up by their text would cost as much as running them. */
interface SingleStatements {
  readonly insert: Statement<unknown[], unknown>;
  readonly replace: Statement<unknown[], unknown>;
  readonly remove: Statement<unknown[], unknown>;
  readonly byKey: Statement<unknown[], [number, Buffer]>;
  readonly byRow: Statement<unknown[], Row>;
}

/** After every key: keys start with a type byte below 0xff. */
const afterAllKeys = Buffer.from([0xff, 0xff]);
const beforeAllKeys = Buffer.alloc(0);

/**
 * The documents of one collection in their table `c_<id>`.
 *
 * `d` holds the document's exact bytes. Rows keep insertion order, which is the order of an unsorted find in mongod;
 * the unique index on `k` keeps MongoDB's order of `_id` across all types. Reads are pages, never an open SQLite
 * iterator: an open one would block writes on the only connection.
 */
export class CollectionTable {
  readonly #name: string;
  readonly #statements: TableStatements;
  /** The statements of single documents, made on first use. */
  #single: SingleStatements | null = null;
  #count: number | null = null;
  #dataBytes: number | null = null;

  constructor(database: Database, id: number) {
    this.#statements = new TableStatements(database);
    this.#name = `c_${id}`;
  }

  static create(database: Database, id: number): void {
    database.exec(`CREATE TABLE c_${id}(r INTEGER PRIMARY KEY, k BLOB NOT NULL UNIQUE, d BLOB NOT NULL) STRICT`);
  }

  /** Ends all use of the table; it is removed later. */
  drop(): void {
    this.#statements.drop();
    this.#single = null;
  }

  /** The rows have changed in another way than through this object. */
  forgetSizes(): void {
    this.#count = null;
    this.#dataBytes = null;
  }

  /** Number of documents. Counted once, then maintained. */
  count(): number {
    this.#count ??= Number(this.#plucked(`SELECT count(*) FROM ${this.#name}`).get());
    return this.#count;
  }

  /** Total bytes of the documents. Summed once, then maintained. */
  dataBytes(): number {
    this.#dataBytes ??= Number(this.#plucked(`SELECT coalesce(sum(length(d)), 0) FROM ${this.#name}`).get());
    return this.#dataBytes;
  }

  /** Returns the document's row. Throws SQLite's SQLITE_CONSTRAINT_UNIQUE if the key exists. */
  insert(key: Uint8Array, document: Uint8Array): number {
    const result = this.#one().insert.run(key, document);
    this.#grow(1, document.length);
    return Number(result.lastInsertRowid);
  }

  replace(stored: StoredDocument, document: Uint8Array): void {
    this.#one().replace.run(document, stored.row);
    this.#grow(0, document.length - stored.document.length);
  }

  remove(stored: StoredDocument): void {
    this.#one().remove.run(stored.row);
    this.#grow(-1, -stored.document.length);
  }

  get(key: Uint8Array): StoredDocument | undefined {
    const found = this.#one().byKey.get(key);
    return found === undefined ? undefined : { row: found[0], key: asBuffer(key), document: found[1] };
  }

  getRow(row: number): StoredDocument | undefined {
    const found = this.#one().byRow.get(row);
    return found === undefined ? undefined : { row: found[0], key: found[1], document: found[2] };
  }

  /** Documents in insertion order from the given row on (exclusive), or backwards. */
  pageByRow(after: number | null, isDescending: boolean, limit: PageLimit): StoredDocument[] {
    const sql = isDescending
      ? `SELECT r, k, d FROM ${this.#name} WHERE r < ? ORDER BY r DESC LIMIT ?`
      : `SELECT r, k, d FROM ${this.#name} WHERE r > ? ORDER BY r LIMIT ?`;
    const start = after ?? (isDescending ? Number.MAX_SAFE_INTEGER : Number.MIN_SAFE_INTEGER);
    return take(this.#raw<Row>(sql).iterate(start, limit.rows), limit.bytes);
  }

  /** Documents in the order of `_id` within the range. */
  pageByKey(range: KeyRange, isDescending: boolean, limit: PageLimit): StoredDocument[] {
    const lower = range.isLowerInclusive ? '>=' : '>';
    const upper = range.isUpperInclusive ? '<=' : '<';
    const direction = isDescending ? 'DESC' : 'ASC';
    const sql = `SELECT r, k, d FROM ${this.#name} WHERE k ${lower} ? AND k ${upper} ? ORDER BY k ${direction} LIMIT ?`;
    const rows = this.#raw<Row>(sql).iterate(range.lower ?? beforeAllKeys, range.upper ?? afterAllKeys, limit.rows);
    return take(rows, limit.bytes);
  }

  #grow(documents: number, bytes: number): void {
    if (this.#count !== null) this.#count += documents;
    if (this.#dataBytes !== null) this.#dataBytes += bytes;
  }

  #one(): SingleStatements {
    this.#single ??= {
      insert: this.#statements.get(`INSERT INTO ${this.#name}(k, d) VALUES (?, ?)`),
      replace: this.#statements.get(`UPDATE ${this.#name} SET d = ? WHERE r = ?`),
      remove: this.#statements.get(`DELETE FROM ${this.#name} WHERE r = ?`),
      byKey: this.#raw<[number, Buffer]>(`SELECT r, d FROM ${this.#name} WHERE k = ?`),
      byRow: this.#raw<Row>(`SELECT r, k, d FROM ${this.#name} WHERE r = ?`),
    };
    return this.#single;
  }

  #raw<Result>(sql: string): Statement<unknown[], Result> {
    return this.#statements.get(sql).raw() as Statement<unknown[], Result>;
  }

  #plucked(sql: string): Statement<unknown[], number> {
    return this.#statements.get(sql).pluck() as Statement<unknown[], number>;
  }
}

function take(rows: Iterable<Row>, bytesMax: number): StoredDocument[] {
  const page: StoredDocument[] = [];
  let bytes = 0;
  for (const [row, key, document] of rows) {
    page.push({ row, key, document });
    bytes += document.length;
    if (bytes >= bytesMax) break;
  }
  return page;
}
