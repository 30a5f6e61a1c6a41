/**
 * Allows one engine per data directory. The lock is an open transaction in a separate SQLite file, which the operating system
 * releases however the process ends. A file with a process id would survive a `kill -9`.
 * The lock belongs to the file and not to its name: if somebody removes the file, another engine can lock a new one of the same
 * name. Its holder therefore compares the two before it writes. Worst case: the file is removed, another engine starts, and a
 * call that this engine had already begun ends after that; SQLite's own locks keep its transaction whole.
 */
import { closeSync, mkdirSync, openSync, renameSync, statSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import Database from 'better-sqlite3';
import { unusableName } from '../../runtime/unusable-name.ts';

export interface DataDirectoryLock {
  /** False once the lock file was removed or replaced. Cheap: one look at the directory. */
  isHeld(): boolean;
  /** Takes the lock of the file that now has the name. False if another engine holds it or it cannot be locked. */
  takeAgain(): boolean;
  release(): void;
}

interface Held {
  readonly database: Database.Database;
  readonly inode: number;
}

/** Attempts to lock a file that keeps being replaced. */
const attemptsMax = 5;

/** Throws EMC-1003 if another engine holds the directory or it is not writable. */
export function holdDataDirectory(dataDirectory: string): DataDirectoryLock {
  const path = join(dataDirectory, 'caches.lock');
  let held: Held | null = null;
  try {
    mkdirSync(join(dataDirectory, 'dbs'), { recursive: true });
    held = hold(path);
  } catch (error) {
    const isTaken = hasCode(error, /^SQLITE_BUSY/);
    const reason = isTaken ? 'another engine holds it' : error instanceof Error ? error.message : String(error);
    throw new EmcachersError({ code: 'EMC-1003', detail: `${dataDirectory}: ${reason}.`, cause: error });
  }
  const release = (): void => {
    held?.database.close();
    held = null;
  };
  return {
    isHeld: () => held !== null && inodeOf(path) === held.inode,
    takeAgain() {
      release();
      try {
        held = hold(path);
        return true;
      } catch {
        return false;
      }
    },
    release,
  };
}

function hold(path: string): Held {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const inode = prepareFile(path);
    const database = lockedDatabase(path) ?? lockedDatabase(path);
    // The name may have passed to another file while this one was opened.
    if (database !== null && inodeOf(path) === inode) return { database, inode };
    database?.close();
  }
  throw new Error(`${path} cannot be locked: it is replaced or overwritten again and again`);
}

/**
 * Creates the file if it is missing, and only then: closing a descriptor of a file drops the locks that this process has on it.
 * What is not a file can hold no lock, so it is set aside.
 */
function prepareFile(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile() === true) return found.ino;
  if (found !== undefined) renameSync(path, unusableName(path));
  closeSync(openSync(path, 'a'));
  return statSync(path).ino;
}

/**
 * Null if the file held garbage, which is gone then. SQLite reports a lock before it reads the file, so nobody holds a file with garbage.
 * It is emptied and not replaced, because two engines that replace it at once would lock two files.
 */
function lockedDatabase(path: string): Database.Database | null {
  const database = new Database(path, { timeout: 0 });
  try {
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    if (!hasCode(error, /^SQLITE_(?:NOTADB|CORRUPT)/)) throw error;
    truncateSync(path);
    return null;
  }
}

function inodeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.ino ?? null;
}

function hasCode(error: unknown, pattern: RegExp): boolean {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && pattern.test(error.code);
}
