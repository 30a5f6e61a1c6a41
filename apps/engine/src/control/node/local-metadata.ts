import path from 'node:path';
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

export function openLocalMetadata(dataDir: string): LocalMetadata {
  makeDirectory(dataDir);
  const database = new Sqlite(path.join(dataDir, 'local.sqlite'), { timeout: 5_000 });
  database.pragma('journal_mode = WAL');
  database.exec(
    'CREATE TABLE IF NOT EXISTS metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID',
  );
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
