import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite, { type Database } from 'better-sqlite3';

/** The file's format version; opening a file with a newer format fails. */
const formatVersion = 2;

/**
 * Tables of the server's own file.
 *
 * - `collection`: one row per collection; its documents are in `c_<id>`.
 * - `collection_index`: one row per index; its entries are in `x_<id>`. `state` is `ready`; `building` until the build
 *   is complete; `stale` if the entries must be built again. `is_multikey`: some document has more than one entry.
 * - `namespace`: the name and UUID that history entries refer to; it outlives a dropped or renamed collection until
 *   the history that mentions it (up to `retired_sequence`) is gone.
 * - `history`: what change streams read. `document` is the full document of insert and replace, `extra` a BSON
 *   document with whatever else the entry carries.
 * - `history_segment`: bytes of the history by segment, so that its size is known without reading it.
 * - `session`: the last retryable write or transaction of each logical session, with its reply to repeat; a long reply
 *   has its first parts in `session_part`.
 * - `setting`: the replica set's identity and the newest cluster time that was ever shown.
 */
const schema = `
CREATE TABLE collection(
  id INTEGER PRIMARY KEY AUTOINCREMENT, database TEXT NOT NULL, name TEXT NOT NULL, uuid BLOB NOT NULL,
  namespace INTEGER NOT NULL, options BLOB NOT NULL, UNIQUE(database, name)) STRICT;
CREATE TABLE collection_index(
  id INTEGER PRIMARY KEY AUTOINCREMENT, collection INTEGER NOT NULL, name TEXT NOT NULL, specification BLOB NOT NULL,
  state TEXT NOT NULL, is_multikey INTEGER NOT NULL, UNIQUE(collection, name)) STRICT;
CREATE TABLE namespace(
  id INTEGER PRIMARY KEY AUTOINCREMENT, database TEXT NOT NULL, collection TEXT, uuid BLOB, retired_sequence INTEGER) STRICT;
CREATE TABLE history(
  sequence INTEGER PRIMARY KEY, seconds INTEGER NOT NULL, increment INTEGER NOT NULL, ordinal INTEGER NOT NULL,
  wall_ms INTEGER NOT NULL, kind INTEGER NOT NULL, namespace INTEGER NOT NULL, document BLOB, extra BLOB) STRICT;
CREATE TABLE history_segment(
  first_sequence INTEGER PRIMARY KEY, last_sequence INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
CREATE TABLE session(
  lsid BLOB PRIMARY KEY, txn_number INTEGER NOT NULL, kind TEXT NOT NULL, reply BLOB, used_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE session_part(
  lsid BLOB NOT NULL, part INTEGER NOT NULL, statements BLOB NOT NULL, PRIMARY KEY(lsid, part)) STRICT, WITHOUT ROWID;
CREATE TABLE setting(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
`;

/** Format 1 had entries for unique indexes only, and no parts of sessions. */
const fromFormat1 = `
CREATE TABLE session_part(
  lsid BLOB NOT NULL, part INTEGER NOT NULL, statements BLOB NOT NULL, PRIMARY KEY(lsid, part)) STRICT, WITHOUT ROWID;
ALTER TABLE collection_index ADD COLUMN state TEXT NOT NULL DEFAULT 'stale';
ALTER TABLE collection_index ADD COLUMN is_multikey INTEGER NOT NULL DEFAULT 0;
`;

/** The file in the data folder. */
export const dataFile = 'mongo-embedded.sqlite';

/**
 * Opens the server's file in `path` (made if missing), or a database in memory for `null`, with the state of `image` if
 * there is one.
 *
 * The file is locked by one process at a time: the only connection keeps SQLite's exclusive lock, so a second server on
 * the same folder fails at once instead of corrupting it. Pages of 8 KiB measured best for documents around 300 bytes.
 */
export function openDatabase(path: string | null, image?: Buffer): Database {
  if (path !== null) mkdirSync(path, { recursive: true });
  const database = new Sqlite(path === null ? (image ?? ':memory:') : join(path, dataFile), { timeout: 0 });
  try {
    database.pragma('page_size = 8192');
    database.pragma('locking_mode = EXCLUSIVE');
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = FULL');
    database.pragma('cache_size = -65536');
    database.pragma('temp_store = MEMORY');
    database.pragma('wal_autocheckpoint = 4000');
    database.pragma('journal_size_limit = 67108864');
    prepareSchema(database);
  } catch (error) {
    database.close();
    throw describe(error, path);
  }
  return database;
}

function prepareSchema(database: Database): void {
  const version = Number(database.pragma('user_version', { simple: true }));
  if (version > formatVersion)
    throw new Error(`The data was written by a newer version (format ${version}, known ${formatVersion})`);
  if (version === formatVersion) {
    database.exec('BEGIN IMMEDIATE; COMMIT');
    return;
  }
  database.transaction(() => {
    database.exec(version === 1 ? fromFormat1 : schema);
    database.pragma(`user_version = ${formatVersion}`);
  })();
}

function describe(error: unknown, path: string | null): Error {
  const isLocked = error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY';
  if (isLocked) return new Error(`The data folder ${path} is in use by another process`, { cause: error });
  return error instanceof Error ? error : new Error(String(error));
}
