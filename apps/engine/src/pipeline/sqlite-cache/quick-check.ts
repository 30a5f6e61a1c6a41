import Database from 'better-sqlite3';
import { damaged, toCacheError } from './cache-error.ts';
import { readMetadata } from './cache-metadata.ts';

/**
 * Reads a whole file through, without writing. EMC-4001 when SQLite finds it damaged, by a row of the report or by an error
 * (a broken header throws). What it cannot see are changed bytes inside a value; nothing short of comparing rows can.
 */
export function quickCheck(path: string): void {
  try {
    const database = new Database(path, { readonly: true, fileMustExist: true });
    try {
      readMetadata(database, path);
      const report = String(database.pragma('quick_check(1)', { simple: true }));
      if (report !== 'ok') throw damaged(path, report);
    } finally {
      database.close();
    }
  } catch (error) {
    throw toCacheError(error, path);
  }
}
