import { existsSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import Sqlite from 'better-sqlite3';
import { makeDirectory } from '../../runtime/make-directory.ts';
import { unusableName } from '../../runtime/unusable-name.ts';

/**
 * Key-value pairs of this node as JSON in `<data dir>/local.sqlite`, for values that must survive a restart and concern no other
 * node. If the file is lost, the node gets a new name; nothing else is affected. So a file that is not usable is set aside, and
 * does not stop the engine.
 */
export interface LocalMetadata {
  /** Undefined for an unknown key. */
  read(key: string): unknown;
  write(key: string, value: string | number | boolean | null): void;
  close(): void;
}

const suffixes = ['', '-wal', '-shm', '-journal'];

/** Throws EMC-1003 if the file cannot be opened, for example without permission. */
export function openLocalMetadata(dataDir: string, log: Log): LocalMetadata {
  makeDirectory(dataDir);
  const file = path.join(dataDir, 'local.sqlite');
  const { database, select, upsert } = openUsable(file, log);
  return {
    read(key) {
      const row = select.get(key);
      return row === undefined ? undefined : parsed(row.value);
    },
    write(key, value) {
      upsert.run(key, JSON.stringify(value));
    },
    close: () => database.close(),
  };
}

interface Opened {
  readonly database: Sqlite.Database;
  readonly select: Sqlite.Statement<[string], { value: string }>;
  readonly upsert: Sqlite.Statement<[string, string]>;
}

function openUsable(file: string, log: Log): Opened {
  try {
    return openFile(file);
  } catch (error) {
    if (!isContentAtFault(error, file)) throw unusable(file, error);
    const keptAs = setAside(file);
    log.warn({ err: error, keptAs }, 'local.sqlite was not usable and is set aside; this node gets a new name.');
  }
  try {
    return openFile(file);
  } catch (error) {
    throw unusable(file, error);
  }
}

function openFile(file: string): Opened {
  const database = new Sqlite(file, { timeout: 5_000 });
  try {
    database.pragma('journal_mode = WAL');
    database.exec(
      'CREATE TABLE IF NOT EXISTS metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID',
    );
    const select = database.prepare<[string], { value: string }>('SELECT value FROM metadata WHERE key = ?');
    // Reads the page, which a damaged file does not have.
    select.get('');
    const upsert = database.prepare<[string, string]>(
      'INSERT INTO metadata (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
    );
    return { database, select, upsert };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Not a database, a damaged one, one with another table of that name, or a directory. */
function isContentAtFault(error: unknown, file: string): boolean {
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) return true;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return /^SQLITE_(?:NOTADB|CORRUPT|ERROR)/.test(code);
}

/** With its `-wal`, which SQLite would otherwise read into the new file. */
function setAside(file: string): string {
  const kept = unusableName(file);
  for (const suffix of suffixes) if (existsSync(file + suffix)) renameSync(file + suffix, kept + suffix);
  return kept;
}

function unusable(file: string, cause: unknown): EmcachersError {
  return new EmcachersError({
    code: 'EMC-1003',
    detail: `${file} cannot be used: ${cause instanceof Error ? cause.message : String(cause)}.`,
    hint: 'Set EMCACHERS_NODE_ID to the name of this node and delete the file, or delete it to get a new name.',
    cause,
  });
}

/** Undefined for what is not JSON, as for an unknown key. */
function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}
