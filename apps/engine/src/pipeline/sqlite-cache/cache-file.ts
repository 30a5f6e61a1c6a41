/**
 * One generation of a cache, open for writing. This module enforces every property of the file itself.
 * Keeps I4 (entries at or below the offset change nothing), I5 (rows and offset in one transaction) and its part of I8
 * (closing leaves the WAL in place, so that a reader without write access can still open the file).
 * Worst case: an error inside a transaction. It is rolled back, and the caller reopens the file.
 */
import { renameSync, rmSync, statSync } from 'node:fs';
import type { CacheIndex } from '@emcachers/core/cache-index';
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
  removeSourceTimeSql,
  saveProgressSql,
  saveSourceTimeSql,
  writeMetadata,
} from './cache-metadata.ts';
import { databaseSuffixes, unfinishedFile } from './cache-paths.ts';
import { createTable, deleteRow, insertRow, metadataTable, quoted, updateRow } from './cache-statements.ts';
import type { CacheBatch, CacheIdentity, IndexFailure } from './cache-types.ts';
import { ChangedKeys } from './changed-keys.ts';
import { changeIndexes, readIndexNames } from './file-indexes.ts';

/** "EMC" and a format number, stored in the header of every file (`PRAGMA application_id`). */
export const applicationId = 0x45_4d_43_01;
/** A checkpoint every 40 MB of WAL, so that random keys share pages (measured, docs/decisions/0003-cache-file-format.md). */
const checkpointPages = 10_000;
const logBytesKept = 64 * 1024 * 1024;
/** Page cache sizes while a file is built and while it is followed. The small one, times the number of entities, must fit into memory. */
const buildCacheKilobytes = 65_536;
const followCacheKilobytes = 4_096;
/**
 * How long a write waits for another connection. Long enough for a reader that recovers the WAL, and no longer: all other files
 * of the thread wait too. After that the cache is suspended with EMC-4004, and retries on its own.
 */
const busyMsMax = 50;

interface Statements {
  readonly insert: Database.Statement<unknown[]>;
  readonly update: Database.Statement<unknown[]>;
  readonly delete: Database.Statement<unknown[]>;
  readonly saveProgress: Database.Statement<unknown[]>;
  readonly saveSourceTime: Database.Statement<unknown[]>;
  readonly removeSourceTime: Database.Statement<unknown[]>;
}

export class CacheFile {
  readonly path: string;
  readonly #database: Database.Database;
  readonly #identity: CacheIdentity;
  readonly #types: readonly ColumnType[];
  readonly #changed: ChangedKeys;
  #statements: Statements | null = null;
  readonly #inode: number;
  #metadata: CacheMetadata;
  #bytes: number;
  /** Of the `-wal` file; null before SQLite has created it. */
  #logInode: number | null = null;
  /** Modification time of the file after the last write of this connection. */
  #writtenAtMs: number;
  /** True if the last upsert found a row. The next one tries the same statement first. */
  #expectsRow = false;

  /** Opens an existing file. Throws EMC-4001 if it is damaged or not ours, EMC-4003 if it cannot be opened. */
  static open(path: string, identity: CacheIdentity): CacheFile {
    return guarded(path, () => {
      const { size } = statSync(path);
      // SQLite accepts an empty file as a new database.
      if (size === 0) throw damaged(path, 'it has no bytes');
      return new CacheFile(new Database(path, { fileMustExist: true }), path, identity);
    });
  }

  /** Creates the file under another name first: a process that is killed meanwhile leaves nothing that counts as a cache. */
  static create(path: string, identity: CacheIdentity, generation: number): CacheFile {
    return guarded(path, () => {
      createEmpty(unfinishedFile(path), identity, generation);
      renameSync(unfinishedFile(path), path);
      const file = new CacheFile(new Database(path, { fileMustExist: true }), path, identity);
      file.#setPageCache(buildCacheKilobytes);
      return file;
    });
  }

  private constructor(database: Database.Database, path: string, identity: CacheIdentity) {
    this.path = path;
    this.#database = database;
    this.#changed = new ChangedKeys(database);
    this.#identity = identity;
    this.#types = identity.columns.map(({ type }) => type);
    try {
      database.pragma(`busy_timeout = ${busyMsMax}`);
      if (database.pragma('application_id', { simple: true }) !== applicationId)
        throw damaged(path, 'it is not a cache');
      this.#metadata = readMetadata(database, path);
      database.pragma('journal_mode = WAL');
      database.pragma('synchronous = NORMAL');
      // Overwrites deleted rows, at no measurable cost. It misses few of them: docs/decisions/0015-erasure.md.
      database.pragma('secure_delete = ON');
      database.pragma(`wal_autocheckpoint = ${checkpointPages}`);
      database.pragma(`journal_size_limit = ${logBytesKept}`);
      this.#setPageCache(followCacheKilobytes);
      const { ino, size, mtimeMs } = statSync(path);
      this.#inode = ino;
      this.#bytes = size;
      this.#writtenAtMs = mtimeMs;
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** Prepared at the first write: a file of another shape is recognised by its metadata before its table is used. */
  get #prepared(): Statements {
    const { entityName, columns } = this.#identity;
    this.#statements ??= {
      insert: this.#database.prepare(insertRow(entityName, columns)),
      update: this.#database.prepare(updateRow(entityName, columns)),
      delete: this.#database.prepare(deleteRow(entityName)),
      saveProgress: this.#database.prepare(saveProgressSql),
      saveSourceTime: this.#database.prepare(saveSourceTimeSql),
      removeSourceTime: this.#database.prepare(removeSourceTimeSql),
    };
    return this.#statements;
  }

  get metadata(): CacheMetadata {
    return this.#metadata;
  }

  /** Names of the declared indexes that the file has. */
  indexNames(): string[] {
    return guarded(this.path, () => readIndexNames(this.#database));
  }

  /**
   * Drops and builds indexes until the file has the declared ones; returns what failed. It takes about a second for a million
   * rows, and holds the file's write lock meanwhile: readers are not affected.
   */
  changeIndexes(declared: readonly CacheIndex[]): IndexFailure[] {
    return guarded(this.path, () => {
      this.#setPageCache(buildCacheKilobytes);
      const { entityName } = this.#identity;
      const failures = changeIndexes(this.#database, { entityName, declared });
      this.#noteOwnWrite();
      return failures;
    });
  }

  /** How many keys of changed rows the file keeps from now on; 0 for none. Call it before `apply` and `mend`; it costs nothing then. */
  keepChanges(count: number): void {
    guarded(this.path, () => {
      if (this.#changed.keep(count, this.#metadata.offset)) this.#noteOwnWrite();
    });
  }

  /** Applies rows and offset in one transaction. On EMC-4001, 4002 or 4003 nothing of it is applied. */
  apply(batch: CacheBatch): void {
    const isKnown = batch.offset <= this.#metadata.offset;
    if (isKnown && !this.#movesTime(batch)) return;
    if (batch.after > this.#metadata.offset)
      throw new EmcachersError({
        code: 'EMC-5999',
        detail: `${this.path} is at offset ${this.#metadata.offset}, but the batch starts after ${batch.after}.`,
      });
    // Rows that the file has are not applied again (I4). The source time may move without any.
    guarded(this.path, () => this.#commit(isKnown ? { ...batch, docIds: [], data: [] } : batch));
  }

  /** False if the batch is older than the file. */
  #movesTime({ offset, sourceTime }: CacheBatch): boolean {
    const before = this.#metadata.sourceTime;
    return offset === this.#metadata.offset && laterTime(before, sourceTime) !== before;
  }

  #commit(batch: CacheBatch): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const documents = this.#metadata.documents + this.#applyRows(batch);
      const version = batch.version ?? this.#metadata.version;
      const { offset, termId, horizon } = batch;
      const progress = { offset, documents, version, termId, horizon };
      const sourceTime = this.#saveSourceTime(batch.sourceTime);
      this.#changed.save(offset);
      this.#prepared.saveProgress.run(progressParameters(progress));
      this.#database.exec('COMMIT');
      this.#metadata = { ...this.#metadata, ...progress, sourceTime };
      this.#noteOwnWrite();
    } catch (error) {
      // SQLite rolls back on its own after FULL, IOERR and some other errors.
      if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
      this.#changed.forget();
      throw error;
    }
  }

  /** Returns the time that the file then has. */
  #saveSourceTime(time: bigint | null): bigint | null {
    const before = this.#metadata.sourceTime;
    const after = laterTime(before, time);
    if (after === before) return after;
    if (after === null) this.#prepared.removeSourceTime.run();
    else this.#prepared.saveSourceTime.run(after.toString());
    return after;
  }

  /**
   * Writes rows that a comparison found wrong, without moving the offset, and counts the documents again. Call it only while no
   * newer entry of these documents has been applied.
   */
  mend({ docIds, data }: Pick<CacheBatch, 'docIds' | 'data'>): void {
    guarded(this.path, () => this.#mend({ docIds, data }));
  }

  #mend({ docIds, data }: Pick<CacheBatch, 'docIds' | 'data'>): void {
    try {
      this.#database
        .transaction(() => {
          this.#applyRows({ docIds, data });
          const table = quoted(this.#identity.entityName);
          const documents = Number(this.#database.prepare(`SELECT count(*) FROM ${table}`).pluck().get());
          this.#prepared.saveProgress.run(progressParameters({ ...this.#metadata, documents }));
          this.#changed.save(this.#metadata.offset);
          this.#metadata = { ...this.#metadata, documents };
        })
        .immediate();
      this.#noteOwnWrite();
    } catch (error) {
      this.#changed.forget();
      throw error;
    }
  }

  /** Returns the change in the number of documents. */
  #applyRows({ docIds, data }: Pick<CacheBatch, 'docIds' | 'data'>): number {
    const newest = new Map<string, string | null>();
    for (const [index, docId] of docIds.entries()) newest.set(docId, data[index] ?? null);
    // In sorted order, each page is touched once.
    const sorted = [...newest.keys()].sort();
    let change = 0;
    for (const docId of sorted) {
      const row = newest.get(docId) ?? null;
      change += row === null ? this.#delete(docId) : this.#upsert(decodeRow(row, this.#types), docId);
    }
    return change;
  }

  #delete(docId: string): number {
    const { changes } = this.#prepared.delete.run([docId]);
    if (changes > 0) this.#changed.note(docId, 'deleted');
    return -changes;
  }

  #upsert(values: SqlValue[], docId: string): number {
    const isNew = this.#writeRow(values, docId);
    this.#changed.note(docId, isNew ? 'inserted' : 'updated');
    return isNew ? 1 : 0;
  }

  /** True if there was no row. */
  #writeRow(values: SqlValue[], docId: string): boolean {
    const parameters = values;
    parameters.push(docId);
    const { insert, update } = this.#prepared;
    if (this.#expectsRow && update.run(parameters).changes === 1) return false;
    this.#expectsRow = false;
    if (insert.run(parameters).changes === 1) return true;
    this.#expectsRow = true;
    update.run(parameters);
    return false;
  }

  /**
   * Moves the log's pages into the file, so that the file is complete without its log. SQLite syncs the file before it empties
   * the log. Throws EMC-4004 if a reader holds the log.
   */
  complete(): void {
    guarded(this.path, () => {
      const isBusy = this.#database.pragma('wal_checkpoint(TRUNCATE)', { simple: true }) !== 0;
      this.#noteOwnWrite();
      if (isBusy) throw new EmcachersError({ code: 'EMC-4004', detail: `${this.path}: a reader holds its log.` });
    });
  }

  /** Reduces the page cache once the file has caught up. */
  follow(): void {
    guarded(this.path, () => {
      this.#setPageCache(followCacheKilobytes);
      this.#database.pragma('shrink_memory');
    });
  }

  #setPageCache(kilobytes: number): void {
    this.#database.pragma(`cache_size = -${kilobytes}`);
  }

  /** Limits the file's size. Writes beyond the limit fail as on a full disk. */
  limitPages(pagesMax: number): void {
    this.#database.pragma(`max_page_count = ${pagesMax}`);
  }

  /**
   * Bytes on disk, including the WAL. Throws EMC-4001 if a path now names a different or shorter file than the open one, or if
   * anything else has written to the file, such as a copy over it: its pages and this connection's WAL do not belong together.
   */
  bytes(): number {
    const found = statSync(this.path, { throwIfNoEntry: false });
    if (found === undefined) throw damaged(this.path, 'it was deleted');
    if (found.ino !== this.#inode) throw damaged(this.path, 'another file took its name');
    if (found.size < this.#bytes) throw damaged(this.path, `it shrank from ${this.#bytes} to ${found.size} bytes`);
    if (found.mtimeMs !== this.#writtenAtMs) throw damaged(this.path, 'another program wrote to it');
    this.#bytes = found.size;
    return found.size + this.#logBytes();
  }

  /** Readers find the newest rows only in the WAL of this connection: one that was deleted or replaced hides them. */
  #logBytes(): number {
    const found = statSync(`${this.path}-wal`, { throwIfNoEntry: false });
    if (this.#logInode !== null && found?.ino !== this.#logInode)
      throw damaged(`${this.path}-wal`, found === undefined ? 'it was deleted' : 'another file took its name');
    this.#logInode = found?.ino ?? null;
    return found?.size ?? 0;
  }

  /** A reader with a long transaction makes the WAL grow. Once it ends, the WAL must shrink again. */
  truncateLongLog(): void {
    if (this.#logBytes() <= logBytesKept) return;
    guarded(this.path, () => {
      this.#database.pragma('wal_checkpoint(TRUNCATE)');
      this.#noteOwnWrite();
    });
  }

  /** A commit may checkpoint, and only a checkpoint writes to the database file itself. */
  #noteOwnWrite(): void {
    this.#writtenAtMs = statSync(this.path, { throwIfNoEntry: false })?.mtimeMs ?? this.#writtenAtMs;
  }

  /**
   * Closes the file and keeps `-wal` and `-shm`. SQLite deletes them with the last connection, after which a reader without
   * write access to the directory cannot open the file. A read-only connection that closes last cannot delete them.
   */
  close(): void {
    let last: Database.Database | null = null;
    try {
      this.#database.pragma('wal_checkpoint(TRUNCATE)');
      last = new Database(this.path, { readonly: true, fileMustExist: true });
      last.prepare('SELECT 1 FROM metadata').get();
    } catch {
      // A damaged or deleted file is closed without further steps.
    } finally {
      this.#database.close();
      last?.close();
    }
  }
}

/** Null only if `next` is: changes are missing then. A time never goes back. */
function laterTime(before: bigint | null, next: bigint | null): bigint | null {
  return before !== null && next !== null && before > next ? before : next;
}

/** A complete cache file without rows, closed and on disk. */
function createEmpty(path: string, identity: CacheIdentity, generation: number): void {
  for (const suffix of databaseSuffixes) rmSync(path + suffix, { force: true });
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
  } finally {
    database.close();
  }
}

function guarded<Result>(path: string, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw toCacheError(error, path);
  }
}
