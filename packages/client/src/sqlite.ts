/** The SQLite of Node.js, and whether it can read caches. */
import process from 'node:process';
import type { DatabaseSync } from 'node:sqlite';
import { EmcachersError } from '@emcachers/core/emcachers-error';

/** Caches have STRICT tables; older versions call their schema malformed (https://www.sqlite.org/stricttables.html). */
const minorMin = 37;

/** Opens a connection without a file, to which caches are attached. Throws EMC-7006 if Node.js or its SQLite is too old. */
export function openSqlite(): DatabaseSync {
  // An import would fail before this package could say why.
  const sqlite = process.getBuiltinModule('node:sqlite');
  if (sqlite === undefined)
    throw new EmcachersError({
      code: 'EMC-7006',
      detail: `Node.js ${process.versions.node} has no module node:sqlite.`,
    });
  const database = new sqlite.DatabaseSync(':memory:');
  const version = String(database.prepare('SELECT sqlite_version() AS version').get()?.['version']);
  if (isFit(version)) return database;
  database.close();
  throw new EmcachersError({
    code: 'EMC-7006',
    detail: `SQLite ${version} cannot read STRICT tables; 3.${minorMin} or newer is needed.`,
  });
}

export function isFit(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 3 || (major === 3 && minor >= minorMin);
}
