/**
 * One generation of a cache, open for writing. Why it exists: everything that must be true of the file itself is here.
 * Keeps I4 (entries at or below the offset change nothing), I5 (rows and offset in one transaction) and its part of I8
 * (a file that is closed leaves its log beside it, so that a reader without write access can still open it).
 * The worst that can happen: an error inside a transaction; it is rolled back, and the caller opens the file again.
 */
import { statSync } from 'node:fs';
import { decodeRow, type SqlValue } from '@emcachers/core/document/row-codec';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { ColumnType } from '@emcachers/core/shape';
import Database from 'better-sqlite3';
import { damaged, toCacheError } from './cache-error.ts';
import {
  type CacheMetadata,
  firstMetadata,
  progressParameters,
  readMetadata,
  saveProgressSql,
  writeMetadata,
} from './cache-metadata.ts';
import { createTable, deleteRow, insertRow, metadataTable, updateRow } from './cache-statements.ts';
import type { CacheBatch, CacheIdentity } from './cache-types.ts';

/** "EMC" and a format number, in the header of every file (`PRAGMA application_id`). */
export const applicationId = 0x45_4d_43_01;
/** 40 MB of log before a checkpoint: random keys then share pages (measured, docs/decisions/0003-cache-file-format.md). */
const checkpointPages = 10_000;
const logBytesKept = 64 * 1024 * 1024;
/** While a file is built, and while it is followed: the small one times the number of entities must fit into memory. */
const buildCacheKilobytes = 65_536;
const followCacheKilobytes = 4_096;
const busyMsMax = 2_000;

interface Statements {
  readonly insert: Database.Statement<unknown[]>;
  readonly update: Database.Statement<unknown[]>;
  readonly delete: Database.Statement<unknown[]>;
  readonly saveProgress: Database.Statement<unknown[]>;
}

export class CacheFile {
  readonly path: string;
  readonly #database: Database.Database;
  readonly #types: readonly ColumnType[];
  readonly #statements: Statements;
  readonly #inode: number;
  #metadata: CacheMetadata;
  #bytes: number;
  /** Whether the last upsert met a row: the next one is tried the same way first. */
  #expectsRow = false;

  /** Opens an existing file. EMC-4001 damaged or not ours, EMC-4003 cannot be opened. */
  static open(path: string, identity: CacheIdentity): CacheFile {
    return guarded(path, () => {
      const { size } = statSync(path);
      // SQLite takes an empty file for a new database.
      if (size === 0) throw damaged(path, 'it has no bytes');
      return new CacheFile(new Database(path, { fileMustExist: true }), path, identity);
    });
  }

  static create(path: string, identity: CacheIdentity, generation: number): CacheFile {
    return guarded(path, () => {
      const database = new Database(path);
      try {
        database.pragma('journal_mode = WAL');
        database.pragma(`application_id = ${applicationId}`);
        database.pragma(`user_version = ${generation}`);
        database.transaction(() => {
          database.exec(metadataTable);
          database.exec(createTable(identity.entityName, identity.columns));
          writeMetadata(database, firstMetadata(identity, generation));
        })();
        database.pragma('wal_checkpoint(TRUNCATE)');
      } catch (error) {
        database.close();
        throw error;
      }
      const file = new CacheFile(database, path, identity);
      file.#setPageCache(buildCacheKilobytes);
      return file;
    });
  }

  private constructor(database: Database.Database, path: string, identity: CacheIdentity) {
    this.path = path;
    this.#database = database;
    this.#types = identity.columns.map(({ type }) => type);
    try {
      database.pragma(`busy_timeout = ${busyMsMax}`);
      this.#metadata = readMetadata(database, path);
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = NORMAL');
      database.pragma(`wal_autocheckpoint = ${checkpointPages}`);
      database.pragma(`journal_size_limit = ${logBytesKept}`);
      this.#setPageCache(followCacheKilobytes);
      const { entityName, columns } = identity;
      this.#statements = {
        insert: database.prepare(insertRow(entityName, columns)),
        update: database.prepare(updateRow(entityName, columns)),
        delete: database.prepare(deleteRow(entityName)),
        saveProgress: database.prepare(saveProgressSql),
      };
      const { ino, size } = statSync(path);
      this.#inode = ino;
      this.#bytes = size;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  get metadata(): CacheMetadata {
    return this.#metadata;
  }

  /** Rows and offset in one transaction; EMC-4001, 4002 or 4003, and then nothing of it. */
  apply(batch: CacheBatch): void {
    if (batch.offset <= this.#metadata.offset) return;
    if (batch.after > this.#metadata.offset)
      throw new EmcachersError({
        code: 'EMC-5999',
        detail: `${this.path} is at ${this.#metadata.offset} and was given what follows ${batch.after}.`,
      });
    guarded(this.path, () => {
      this.#database.exec('BEGIN IMMEDIATE');
      try {
        const documents = this.#metadata.documents + this.#applyRows(batch);
        const version = batch.version ?? this.#metadata.version;
        const lastEntry = batch.lastEntry ?? this.#metadata.lastEntry;
        const progress = { offset: batch.offset, documents, version, lastEntry };
        this.#statements.saveProgress.run(progressParameters(progress));
        this.#database.exec('COMMIT');
        this.#metadata = { ...this.#metadata, ...progress };
      } catch (error) {
        // SQLite has rolled back by itself after FULL, IOERR and others.
        if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
        throw error;
      }
    });
  }

  /** Answers by how much the number of documents changed. */
  #applyRows({ docIds, data }: CacheBatch): number {
    const newest = new Map<string, string | null>();
    for (const [index, docId] of docIds.entries()) newest.set(docId, data[index] ?? null);
    // Sorted keys touch each page once.
    const sorted = [...newest.keys()].sort();
    let change = 0;
    for (const docId of sorted) {
      const row = newest.get(docId) ?? null;
      if (row === null) change -= this.#statements.delete.run([docId]).changes;
      else change += this.#upsert(decodeRow(row, this.#types), docId);
    }
    return change;
  }

  #upsert(values: SqlValue[], docId: string): number {
    const parameters = values;
    parameters.push(docId);
    const { insert, update } = this.#statements;
    if (this.#expectsRow && update.run(parameters).changes === 1) return 0;
    this.#expectsRow = false;
    if (insert.run(parameters).changes === 1) return 1;
    this.#expectsRow = true;
    update.run(parameters);
    return 0;
  }

  /** The file has caught up: it needs less memory from now on. */
  follow(): void {
    guarded(this.path, () => {
      this.#setPageCache(followCacheKilobytes);
      this.#database.pragma('shrink_memory');
    });
  }

  #setPageCache(kilobytes: number): void {
    this.#database.pragma(`cache_size = -${kilobytes}`);
  }

  /** A bound on the file's size, beyond which writing fails as on a full disk. */
  limitPages(pagesMax: number): void {
    this.#database.pragma(`max_page_count = ${pagesMax}`);
  }

  /** Bytes on disk, log included. EMC-4001 when the name leads to another or a shorter file than the one that is open. */
  bytes(): number {
    const found = statSync(this.path, { throwIfNoEntry: false });
    if (found === undefined) throw damaged(this.path, 'it was deleted');
    if (found.ino !== this.#inode) throw damaged(this.path, 'another file took its name');
    if (found.size < this.#bytes) throw damaged(this.path, `it shrank from ${this.#bytes} to ${found.size} bytes`);
    this.#bytes = found.size;
    return found.size + this.#logBytes();
  }

  #logBytes(): number {
    return statSync(`${this.path}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** A reader that stays in one transaction keeps the log growing; when it is gone, the log must shrink again. */
  truncateLongLog(): void {
    if (this.#logBytes() <= logBytesKept) return;
    guarded(this.path, () => {
      this.#database.pragma('busy_timeout = 50');
      this.#database.pragma('wal_checkpoint(TRUNCATE)');
      this.#database.pragma(`busy_timeout = ${busyMsMax}`);
    });
  }

  /**
   * Closes so that `-wal` and `-shm` stay: SQLite deletes them with its last connection, and a reader that may not write
   * beside the file could not open it then. A connection that only reads, closed last, cannot delete them.
   */
  close(): void {
    let last: Database.Database | null = null;
    try {
      this.#database.pragma('wal_checkpoint(TRUNCATE)');
      last = new Database(this.path, { readonly: true, fileMustExist: true });
      last.prepare('SELECT 1 FROM metadata').get();
    } catch {
      // A damaged or deleted file is closed as it is.
    } finally {
      this.#database.close();
      last?.close();
    }
  }
}

function guarded<Result>(path: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw toCacheError(error, path);
  }
}
