/** Reads the oplog history that the files of an entity belong to, without opening them for writing. */
import Database from 'better-sqlite3';
import { readMetadata } from './cache-metadata.ts';
import type { CachePaths } from './cache-paths.ts';

/** Of the newest file that can be read: an engine that was killed may have left one without metadata. */
export function historyIdOf(paths: CachePaths): string | null {
  for (const generation of paths.generations().reverse()) {
    const historyId = historyIdOfFile(paths.file(generation));
    if (historyId !== null) return historyId;
  }
  return null;
}

function historyIdOfFile(path: string): string | null {
  try {
    const database = new Database(path, { readonly: true, fileMustExist: true });
    try {
      return readMetadata(database, path).historyId;
    } finally {
      database.close();
    }
  } catch {
    return null;
  }
}
