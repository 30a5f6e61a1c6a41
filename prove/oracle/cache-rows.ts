import path from 'node:path';
import Sqlite from 'better-sqlite3';
import type { ProvedShape, Rows } from './expected-rows.ts';

export function cacheDirectory(dataDir: string, entityName: string): string {
  return path.join(dataDir, 'dbs', entityName);
}

export function cacheLink(dataDir: string, entityName: string): string {
  return path.join(cacheDirectory(dataDir, entityName), 'db.sqlite');
}

/** What an application reads from the cache file. */
export function cacheRows(dataDir: string, { entityName, columns }: Pick<ProvedShape, 'entityName' | 'columns'>): Rows {
  const database = new Sqlite(cacheLink(dataDir, entityName), { readonly: true, fileMustExist: true, timeout: 5_000 });
  try {
    const names = ['doc_id', ...columns.map(({ name }) => name)].map((name) => `"${name}"`).join(', ');
    const select = database.prepare<[], unknown[]>(`SELECT ${names} FROM "${entityName}"`).raw(true).safeIntegers(true);
    const rows = new Map<string, readonly string[]>();
    for (const [docId, ...cells] of select.iterate()) rows.set(String(docId), cells.map(cellText));
    return rows;
  } finally {
    database.close();
  }
}

function cellText(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'bigint') return `i:${value}`;
  if (typeof value === 'number') return `r:${value}`;
  if (typeof value === 'string') return `t:${value}`;
  if (Buffer.isBuffer(value)) return `b:${value.toString('base64')}`;
  throw new Error(`SQLite returned ${String(value)}.`);
}
