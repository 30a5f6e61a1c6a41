/**
 * Allows one engine per data directory. The lock is an open transaction in a separate SQLite file, which the operating system
 * releases however the process ends. A file with a process id would survive a `kill -9`.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import Database from 'better-sqlite3';

export interface DataDirectoryLock {
  release(): void;
}

/** Throws EMC-1003 if another engine holds the directory or it is not writable. */
export function holdDataDirectory(dataDirectory: string): DataDirectoryLock {
  let database: Database.Database | null = null;
  try {
    mkdirSync(join(dataDirectory, 'dbs'), { recursive: true });
    database = new Database(join(dataDirectory, 'caches.lock'), { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
    const held = database;
    return { release: () => held.close() };
  } catch (error) {
    database?.close();
    const isHeld = error instanceof Error && 'code' in error && error.code === 'SQLITE_BUSY';
    const reason = isHeld ? 'another engine holds it' : error instanceof Error ? error.message : String(error);
    throw new EmcachersError({ code: 'EMC-1003', detail: `${dataDirectory}: ${reason}.`, cause: error });
  }
}
