/**
 * Reads pages of a published cache's rows for the console and the API. Each page opens the link read-only and closes it again, so
 * that it never delays a checkpoint and sees what applications see. It uses SQLite only: opening and closing the file directly
 * would drop the locks that SQLite holds in this process (https://www.sqlite.org/howtocorrupt.html).
 */
import type { RowsPage } from '@emcachers/core/api-views';
import { cellText, type SqlValue } from '@emcachers/core/document/row-codec';
import { cutCell, shownCharsMax, shownRow } from '@emcachers/core/document/shown-row';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { CachedRows, ShownRow } from '@emcachers/core/row-explanation';
import Database from 'better-sqlite3';
import { toCacheError } from './cache-error.ts';
import { readMetadata } from './cache-metadata.ts';
import { CachePaths } from './cache-paths.ts';
import { quoted } from './cache-statements.ts';
import type { RowsRequest, WholeRowsRequest } from './cache-types.ts';

const rowsMax = 1_000;
/** A page is for reading by eye: of a longer cell it has the beginning, so that a row of many megabytes does not ship them. */
const cellCharsMax = shownCharsMax;
/** A text of more bytes than this has more than `cellCharsMax` characters. */
const cellBytesMax = 4 * cellCharsMax;

/** Throws EMC-5004 before the first publication. */
export function readRows(dataDirectory: string, request: RowsRequest): RowsPage {
  return readPublished(dataDirectory, request.entityName, (database, link) => readPage(database, link, request));
}

/** Some rows of one moment, with every cell whole. Throws EMC-5004 before the first publication. */
export function readWholeRows(dataDirectory: string, { entityName, columns, docIds }: WholeRowsRequest): CachedRows {
  return readPublished(dataDirectory, entityName, (database, link) => {
    const { offset } = readMetadata(database, link);
    const select = database
      .prepare<[string], SqlValue[]>(
        `SELECT ${columns.map(({ name }) => quoted(name)).join(', ')} FROM ${quoted(entityName)} WHERE doc_id = ?`,
      )
      .safeIntegers(true)
      .raw(true);
    const rows: Record<string, ShownRow> = {};
    for (const docId of docIds) {
      const values = select.get(docId);
      if (values !== undefined) rows[docId] = shownRow(values.map(cellText));
    }
    return { offset, rows };
  });
}

function readPublished<Result>(
  dataDirectory: string,
  entityName: string,
  read: (database: Database.Database, link: string) => Result,
): Result {
  const paths = new CachePaths(dataDirectory, entityName);
  if (paths.published() === null)
    throw new EmcachersError({
      code: 'EMC-5004',
      detail: `The first cache of ${entityName} is still being built.`,
      hint: 'Wait until the first scan is complete.',
    });
  try {
    const database = new Database(paths.link, { readonly: true, fileMustExist: true });
    try {
      return database.transaction(() => read(database, paths.link))();
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
  const columns = names.map(quoted);
  const select = `SELECT doc_id, ${[...columns.map(cellSql), ...columns.map(isLongSql)].join(', ')} FROM ${quoted(request.entityName)}`;
  const found = database
    .prepare<[string, number], SqlValue[]>(`${select} WHERE doc_id ${isOne ? '=' : '>'} ? ORDER BY doc_id LIMIT ?`)
    // Bigints keep every digit of an INTEGER; a JavaScript number is then always a REAL.
    .safeIntegers(true)
    .raw(true)
    .all(request.docId ?? request.after ?? '', limit + 1);
  const rows = found.slice(0, limit).map((values) => rowOf(values, names.length));
  const next = found.length > limit ? (rows.at(-1)?.docId ?? null) : null;
  return { columns: names, rows, next, total: isOne ? rows.length : documents, offset };
}

/** SQLite cuts a long text, so that only its beginning is copied out of the file. By bytes, because `substr` of a text ends at a NUL. */
function cellSql(column: string): string {
  return `CASE WHEN ${isLongSql(column)} THEN substr(CAST(${column} AS BLOB), 1, ${cellBytesMax}) ELSE ${column} END`;
}

function isLongSql(column: string): string {
  return `(typeof(${column}) = 'text' AND octet_length(${column}) > ${cellBytesMax})`;
}

function rowOf([docId, ...values]: readonly SqlValue[], columnCount: number): RowsPage['rows'][number] {
  const cut: number[] = [];
  const cells = values.slice(0, columnCount).map((value, index) => {
    const isLong = values[columnCount + index] === 1n;
    const text = isLong && value instanceof Uint8Array ? new TextDecoder().decode(value) : cellText(value);
    if (text === null || text.length <= cellCharsMax) return text;
    cut.push(index);
    return cutCell(text);
  });
  return { docId: String(docId), cells, cut };
}
