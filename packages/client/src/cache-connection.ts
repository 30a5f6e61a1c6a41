/**
 * A read-only connection to the files of one or several caches. Each file is attached under its entity's name to a connection
 * without a file of its own, so that one cache and joins use the same path. Every file's identity is checked before use.
 * Worst case: the files of a name were exchanged between `stat` and the first read. The caller compares inodes afterwards.
 */
import { accessSync, constants } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { CacheColumns, CachePlace, ChangedRow, SqlParameters, SqlRow } from './cache.ts';
import { type CacheDirectory, type LocatedFile, statOf } from './cache-directory.ts';
import { exactRow } from './exact-row.ts';
import { bound } from './parameters.ts';
import { type ChangeRange, readChangedRows, readChangeRange, readPlace } from './place.ts';
import { resultCode, resultCodes, unfit } from './reader-error.ts';
import { openSqlite } from './sqlite.ts';

/** "EMC" and a format number, which the engine writes to the header of every cache. */
const applicationId = 0x45_4d_43_01;
/** The engine holds exclusive locks only while it recovers or closes a file. */
const busyMsMax = 2_000;
const statementsMax = 100;

export interface CacheTarget {
  readonly directory: CacheDirectory;
  readonly file: LocatedFile;
  readonly columns: CacheColumns | undefined;
}

/** The place of a file, and the changes that it has recorded up to there. */
export interface PlaceRecord {
  readonly place: CachePlace;
  readonly range: ChangeRange | null;
}

export class CacheConnection implements Disposable {
  readonly targets: readonly CacheTarget[];
  readonly #database: DatabaseSync;
  /** Least recently used first. */
  readonly #statements = new Map<string, StatementSync>();

  /** Throws EMC-7004 if a file is not the entity's cache, EMC-7007 if a read-only directory lacks what SQLite needs. */
  constructor(targets: readonly CacheTarget[]) {
    this.targets = targets;
    this.#database = openSqlite();
    try {
      this.#database.exec(`PRAGMA busy_timeout = ${busyMsMax}`);
      for (const target of targets) this.#attach(target);
      this.#database.exec('PRAGMA query_only = ON');
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  #attach({ directory, file, columns }: CacheTarget): void {
    const { path } = file;
    try {
      const url = `${pathToFileURL(path).href}?mode=ro`;
      this.#database.prepare(`ATTACH ? AS ${schemaName(directory.entity)}`).run(url);
      this.#check(directory.entity, file, columns);
    } catch (error) {
      throw readOnlyTrouble(path, error) ?? error;
    }
  }

  #check(entity: string, { path, generation }: LocatedFile, columns: CacheColumns | undefined): void {
    const schema = schemaName(entity);
    const [header] = this.all(`PRAGMA ${schema}.application_id`, []);
    if (header?.['application_id'] !== applicationId) throw unfit(path, 'it is not a cache');
    if (this.all(`SELECT 1 FROM ${schema}.sqlite_schema WHERE name = 'metadata'`, []).length === 0)
      throw unfit(path, 'it has no metadata table');
    const { entity: owner, ...place } = this.#fullPlace(entity);
    if (owner !== entity) throw unfit(path, `it is the cache of ${owner}, not of ${entity}`);
    if (generation !== null && generation !== place.generation)
      throw unfit(path, `it is a copy of generation ${place.generation}`);
    const found = new Set(this.all(`PRAGMA ${schema}.table_info(${quoted(entity)})`, []).map(({ name }) => name));
    const missing = Object.keys(columns ?? {}).filter((name) => !found.has(name));
    if (missing.length > 0) throw unfit(path, `it has no column ${missing.join(', ')}`);
  }

  #fullPlace(entity: string): CachePlace {
    return readPlace(this.#metadata(entity));
  }

  #metadata(entity: string): SqlRow[] {
    return this.all(`SELECT key, value FROM ${schemaName(entity)}.metadata`, []);
  }

  places(): CachePlace[] {
    return this.targets.map(({ directory }) => this.#fullPlace(directory.entity));
  }

  records(): PlaceRecord[] {
    return this.targets.map(({ directory }) => {
      const rows = this.#metadata(directory.entity);
      const place = readPlace(rows);
      return { place, range: readChangeRange(rows, place) };
    });
  }

  /** Changed rows with a number above `after`, which is the last of a transaction. */
  changedRows(entity: string, after: number): ChangedRow[] {
    const sql = `SELECT offset, changes FROM ${schemaName(entity)}."emc:changes" WHERE number > ? ORDER BY number`;
    return this.all(sql, [after]).flatMap(({ offset, changes }) => readChangedRows(Number(offset), String(changes)));
  }

  all(sql: string, parameters: SqlParameters): SqlRow[] {
    const { named, positional } = bound(parameters);
    return this.#prepared(sql)
      .all(named, ...positional)
      .map(exactRow);
  }

  get(sql: string, parameters: SqlParameters): SqlRow | undefined {
    const { named, positional } = bound(parameters);
    const row = this.#prepared(sql).get(named, ...positional);
    return row === undefined ? undefined : exactRow(row);
  }

  *rows(sql: string, parameters: SqlParameters): Generator<SqlRow, void, undefined> {
    const { named, positional } = bound(parameters);
    for (const row of this.#prepared(sql).iterate(named, ...positional)) yield exactRow(row);
  }

  /** Until `end`, all statements see one state of each file. */
  begin(): void {
    this.#database.exec('BEGIN');
    try {
      // The state of a file is fixed by its first read.
      this.places();
    } catch (error) {
      this.end();
      throw error;
    }
  }

  /** There is nothing to commit. A failed statement, or a callback that closes the cache, may have ended the transaction. */
  end(): void {
    if (this.#database.isOpen && this.#database.isTransaction) this.#database.exec('ROLLBACK');
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    const statement = known ?? this.#database.prepare(sql);
    if (known === undefined) statement.setReadBigInts(true);
    else this.#statements.delete(sql);
    this.#statements.set(sql, statement);
    const [oldest] = this.#statements.keys();
    if (this.#statements.size > statementsMax && oldest !== undefined) this.#statements.delete(oldest);
    return statement;
  }

  [Symbol.dispose](): void {
    this.#statements.clear();
    this.#database.close();
  }
}

export function quoted(name: string): string {
  return `"${name}"`;
}

/** SQLite's own schemas are named `main` and `temp`. */
function schemaName(entity: string): string {
  return quoted(/^(?:main|temp)$/i.test(entity) ? `cache_${entity}` : entity);
}

/** SQLite reads a file in WAL mode without write access only while its `-wal` and `-shm` exist. */
function readOnlyTrouble(path: string, error: unknown): EmcachersError | null {
  const code = resultCode(error);
  if (code !== resultCodes.cannotOpen && code !== resultCodes.readOnly) return null;
  const isLogMissing = statOf(path) !== null && (statOf(`${path}-wal`) === null || statOf(`${path}-shm`) === null);
  if (!isLogMissing || isWritable(dirname(path))) return null;
  const detail = `${path} has no -wal and -shm beside it, and this process cannot create them.`;
  return new EmcachersError({ code: 'EMC-7007', detail, cause: error });
}

function isWritable(directory: string): boolean {
  try {
    accessSync(directory, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
