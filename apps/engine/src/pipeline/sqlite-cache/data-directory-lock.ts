/**
 * One engine per data directory. A lock that the operating system takes back when its process ends, however it ends: a
 * transaction that is held in a SQLite file of its own. A file with a process id would outlive a `kill -9`.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import Database from 'better-sqlite3';

export interface DataDirectoryLock {
  release(): void;
}

/** EMC-1003 when another engine holds the directory, or when it cannot be written. */
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
