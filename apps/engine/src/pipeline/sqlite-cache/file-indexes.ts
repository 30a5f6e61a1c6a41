/**
 * The declared indexes of one cache file, as SQLite has them. Each is created in a transaction of its own: after a kill the file
 * has the index or has it not. Readers read on meanwhile, because the file is in WAL mode. Only damage throws: an index that cannot
 * be built must not stop the cache.
 */
import { type CacheIndex, indexName, isIndexName } from '@emcachers/core/cache-index';
import type Database from 'better-sqlite3';
import { isDamage, toCacheError } from './cache-error.ts';
import { quoted } from './cache-statements.ts';
import type { IndexFailure } from './cache-types.ts';

/** Names of the declared indexes that the file has. */
export function readIndexNames(database: Database.Database): string[] {
  const names = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' ORDER BY name").pluck().all();
  return names.map(String).filter(isIndexName);
}

export interface IndexChanges {
  readonly missing: readonly CacheIndex[];
  /** Names. */
  readonly obsolete: readonly string[];
}

/** What makes a file with indexes of these names have exactly the declared ones. */
export function indexChanges(declared: readonly CacheIndex[], found: readonly string[]): IndexChanges {
  const names = declared.map(indexName);
  return {
    missing: declared.filter((index) => !found.includes(indexName(index))),
    obsolete: found.filter((name) => !names.includes(name)),
  };
}

export interface IndexRequest {
  readonly entityName: string;
  readonly declared: readonly CacheIndex[];
}

/** Drops obsolete indexes first, so that their pages are used again. */
export function changeIndexes(database: Database.Database, { entityName, declared }: IndexRequest): IndexFailure[] {
  const { missing, obsolete } = indexChanges(declared, readIndexNames(database));
  const dropped = obsolete.map((name) => attempt(database, { name, sql: `DROP INDEX IF EXISTS ${quoted(name)}` }));
  const created = missing.map((index) => {
    const name = indexName(index);
    const columns = index.columns.map(quoted).join(', ');
    return attempt(database, { name, sql: `CREATE INDEX ${quoted(name)} ON ${quoted(entityName)} (${columns})` });
  });
  return [...dropped, ...created].flat();
}

function attempt(database: Database.Database, { name, sql }: { name: string; sql: string }): IndexFailure[] {
  try {
    database.exec(sql);
    return [];
  } catch (error) {
    const known = toCacheError(error, database.name);
    if (isDamage(known)) throw known;
    return [{ name, reason: known.detail }];
  }
}
