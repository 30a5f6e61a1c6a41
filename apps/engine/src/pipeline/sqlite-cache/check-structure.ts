import Database from 'better-sqlite3';
import { damaged, toCacheError } from './cache-error.ts';
import { readMetadata } from './cache-metadata.ts';

export interface StructureCheck {
  readonly path: string;
  readonly entityId: number;
  /** Also compares the index with the table, which reads both. */
  readonly thorough: boolean;
}

/**
 * Runs `PRAGMA quick_check` or `integrity_check` on a file without writing. Throws EMC-4001 if SQLite reports damage, as a row of the report or as an
 * error (a damaged header throws), or if the file is another entity's. It does not detect changed bytes inside a value; only comparing rows does.
 */
export function checkStructure({ path, entityId, thorough }: StructureCheck): void {
  try {
    const database = new Database(path, { readonly: true, fileMustExist: true });
    try {
      const found = readMetadata(database, path).entityId;
      if (found !== entityId) throw damaged(path, `it is the cache of another entity (id ${found})`);
      const report = String(database.pragma(thorough ? 'integrity_check(1)' : 'quick_check(1)', { simple: true }));
      if (report !== 'ok') throw damaged(path, report);
    } finally {
      database.close();
    }
  } catch (error) {
    throw toCacheError(error, path);
  }
}
