/**
 * The types of the reader. `client.ts` has the contract.
 */

/** Columns of an entity by name, as `emcachers-types` writes them. `Any…` types of a cache file do not tell more than SQLite's. */
export type CacheColumns = Readonly<Record<string, string>>;

/** Which cache to open. */
export interface CacheOptions {
  /** The engine's data directory (`EMCACHERS_DATA_DIR`); caches are in its `dbs` directory. */
  readonly dataDir: string;
  readonly entity: string;
  /** Columns that the program needs. A file without one of them is refused with EMC-7004. Default: not checked. */
  readonly columns?: CacheColumns;
}

/** How long to wait. */
export interface WaitOptions {
  /** Milliseconds until the wait fails with EMC-7005. Default 5,000; at most 2,147,483,647. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** A value that a statement takes. Booleans are stored as 1 and 0. */
export type SqlParameter = null | string | number | bigint | boolean | Uint8Array;

/** Positional or named parameters of a statement. */
export type SqlParameters = readonly SqlParameter[] | Readonly<Record<string, SqlParameter>>;

/** A value of a row. An integer beyond 2^53 is a bigint; every other number is a number. */
export type SqlValue = null | string | number | bigint | Uint8Array;

/** A row of any statement. */
export type SqlRow = Record<string, SqlValue>;

/**
 * The `operationTime` of a MongoDB session or reply: a BSON Timestamp, its two parts, or the unsigned 64-bit value
 * (seconds in the upper 32 bits).
 */
export type OperationTime =
  | bigint
  | { readonly t: number; readonly i: number }
  | { readonly high: number; readonly low: number };

/** The place of a cache in the source's order. All rows that one statement reads are of one place. */
export interface CachePlace {
  readonly entity: string;
  /** The id of the last oplog entry that the file contains. Comparable only within one generation's oplog history. */
  readonly offset: number;
  /** Every change of the entity up to and including this MongoDB time is in the file; null if the file does not say. */
  readonly sourceTime: bigint | null;
  /** The number of the file, which rises with each rebuild. */
  readonly generation: number;
}

/** A row that changed, compared with the row that the file had before the transaction. */
export interface ChangedRow {
  /** The DocID, for `getByDocId`. */
  readonly key: string;
  readonly kind: 'inserted' | 'updated' | 'deleted';
  /** The offset of the file after the transaction that changed the row. */
  readonly offset: number;
}

/**
 * What a listener receives. `advanced`: the offset moved, or a repair corrected rows. `replaced`: statements now read another
 * file. `gone`: the entity was deleted here, or its cache is not published. `published`: it is there again.
 */
export interface CacheChange {
  readonly kind: 'advanced' | 'replaced' | 'gone' | 'published';
  readonly entity: string;
  readonly before: CachePlace | null;
  readonly now: CachePlace | null;
  /** Of `now`; null if the cache is gone. */
  readonly offset: number | null;
  /** Each row that changed since the last call, in the order of transactions; once for each transaction that changed it. */
  readonly changes: readonly ChangedRow[];
  /** False if other rows may have changed too: `changes` is empty then, and everything must be read again. */
  readonly complete: boolean;
}

/** One or several caches on one connection, read with SQL. */
export interface CacheReader extends Disposable {
  query<Row = SqlRow>(sql: string, parameters?: SqlParameters): Row[];
  /** Rows one by one, on a connection of its own, which ends on the files that it began with. Finish it or call `return`. */
  iterate<Row = SqlRow>(sql: string, parameters?: SqlParameters): Generator<Row, void, undefined>;
  /** Runs several statements on one state of each file. The callback must not be asynchronous. */
  read<Result>(callback: () => Result): Result;
  /**
   * Resolves when every change up to `operationTime` is in the file, which includes your own write. Rejects with EMC-7005
   * after `timeoutMs`, and with the signal's reason.
   */
  waitFor(operationTime: OperationTime, options?: WaitOptions): Promise<void>;
  /**
   * Calls the listener after each change, until the returned function or `close` is called. Keeps the process alive. An
   * error of the listener is uncaught.
   */
  onChange(listener: (change: CacheChange) => void): () => void;
  close(): void;
}

/** The cache of one entity. */
export interface Cache<Row = SqlRow> extends CacheReader {
  readonly entity: string;
  /** The row of a document by its `_id` in MongoDB, of any BSON type. Undefined if there is none. */
  get(id: unknown): Row | undefined;
  /** The row of a DocID, the value of the column `doc_id`. */
  getByDocId(docId: string): Row | undefined;
  place(): CachePlace;
  offset(): number;
  /** Milliseconds between the source time of the file and now, by this machine's clock, which resolves whole seconds. Null if the file has no source time. */
  age(): number | null;
}

/** Several caches whose tables are joined. Each file is at a place of its own. */
export interface AttachedCaches extends CacheReader {
  places(): CachePlace[];
}
