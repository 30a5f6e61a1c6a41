/**
 * Pages of a published cache's rows, for people. Opened by its link for each page and closed again, read-only: it never
 * holds a log back, and it sees what any application sees. Never by reading the files themselves: closing a file that
 * this process also has open through SQLite would drop SQLite's locks (https://www.sqlite.org/howtocorrupt.html).
 */
import type { RowsPage } from '@emcachers/core/api-views';
import { cellText, type SqlValue } from '@emcachers/core/document/row-codec';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import Database from 'better-sqlite3';
import { toCacheError } from './cache-error.ts';
import { readMetadata } from './cache-metadata.ts';
import { CachePaths } from './cache-paths.ts';
import { quoted } from './cache-statements.ts';
import type { RowsRequest } from './cache-types.ts';

const rowsMax = 1_000;

/** EMC-5004 before the first publication. */
export function readRows(dataDirectory: string, request: RowsRequest): RowsPage {
  const paths = new CachePaths(dataDirectory, request.entityName);
  if (paths.published() === null)
    throw new EmcachersError({
      code: 'EMC-5004',
      detail: `The cache of ${request.entityName} is being built for the first time.`,
      hint: 'Rows can be read as soon as the first scan is complete.',
    });
  try {
    const database = new Database(paths.link, { readonly: true, fileMustExist: true });
    try {
      return database.transaction(() => readPage(database, paths.link, request))();
    } finally {
      database.close();
    }
  } catch (error) {
    throw toCacheError(error, paths.link);
  }
}

function readPage(database: Database.Database, path: string, request: RowsRequest): RowsPage {
  const { offset, documents } = readMetadata(database, path);
  const names = request.columns.map(({ name }) => name);
  const limit = Math.min(Math.max(1, request.limit), rowsMax);
  const isOne = request.docId !== undefined;
  const select = `SELECT doc_id, ${names.map(quoted).join(', ')} FROM ${quoted(request.entityName)}`;
  const found = database
    .prepare<[string, number], SqlValue[]>(`${select} WHERE doc_id ${isOne ? '=' : '>'} ? ORDER BY doc_id LIMIT ?`)
    // Integers as bigints keep every digit; what is a number then is a REAL.
    .safeIntegers(true)
    .raw(true)
    .all(request.docId ?? request.after ?? '', limit + 1);
  const rows = found.slice(0, limit).map(([docId, ...cells]) => ({ docId: String(docId), cells: cells.map(cellText) }));
  const next = found.length > limit ? (rows.at(-1)?.docId ?? null) : null;
  return { columns: names, rows, next, total: isOne ? rows.length : documents, offset };
}
