import path from 'node:path';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import Sqlite from 'better-sqlite3';
import { makeDirectory } from '../../runtime/make-directory.ts';

/**
 * Key-value pairs of this node as JSON in `<data dir>/local.sqlite`, for values that must survive a restart and concern no other
 * node. If the file is lost, the node gets a new name; nothing else is affected.
 */
export interface LocalMetadata {
  /** Undefined for an unknown key. */
  read(key: string): unknown;
  write(key: string, value: string | number | boolean | null): void;
  close(): void;
}

/** Throws EMC-1003 if the file cannot be opened or is not a database. */
export function openLocalMetadata(dataDir: string): LocalMetadata {
  makeDirectory(dataDir);
  const database = openFile(path.join(dataDir, 'local.sqlite'));
  const select = database.prepare<[string], { value: string }>('SELECT value FROM metadata WHERE key = ?');
  const upsert = database.prepare<[string, string]>(
    'INSERT INTO metadata (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
  );
  return {
    read(key) {
      const row = select.get(key);
      return row === undefined ? undefined : JSON.parse(row.value);
    },
    write(key, value) {
      upsert.run(key, JSON.stringify(value));
    },
    close: () => database.close(),
  };
}

function openFile(file: string): Sqlite.Database {
  let database: Sqlite.Database | null = null;
  try {
    database = new Sqlite(file, { timeout: 5_000 });
    database.pragma('journal_mode = WAL');
    database.exec(
      'CREATE TABLE IF NOT EXISTS metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID',
    );
    return database;
  } catch (cause) {
    database?.close();
    throw new EmcachersError({
      code: 'EMC-1003',
      detail: `${file} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}.`,
      hint: 'Set EMCACHERS_NODE_ID to the name of this node and delete the file, or delete it to get a new name.',
      cause,
    });
  }
}
