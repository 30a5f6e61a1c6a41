/** Builds the SQL of a cache file from the shape. Names are validated by the shape's schema and also quoted. */
import type { Column, ColumnType } from '@emcachers/core/shape';

/**
 * `ANY` in a STRICT table stores a value unchanged. `Any` needs it, and so does `Number`, which stores NaN and Infinity as text
 * because SQLite stores NaN as NULL. JSON is text. docs/decisions/0003-cache-file-format.md has the reasons.
 */
const sqliteTypes: Readonly<Record<ColumnType, string>> = {
  JSONB: 'TEXT',
  Any: 'ANY',
  Bool: 'INTEGER',
  Number: 'ANY',
  Integer: 'INTEGER',
  Text: 'TEXT',
};

export const metadataTable = `CREATE TABLE metadata (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL) STRICT, WITHOUT ROWID`;

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function createTable(entityName: string, columns: readonly Column[]): string {
  const definitions = columns.map(({ name, type }) => `${quoted(name)} ${sqliteTypes[type]}`);
  return `CREATE TABLE ${quoted(entityName)} (doc_id TEXT PRIMARY KEY NOT NULL, ${definitions.join(', ')}) STRICT`;
}

/**
 * Two statements instead of one upsert: each reports whether the row existed, which keeps the document count exact. The last
 * outcome decides which one runs first, so that a scan and a run of updates each need one. Parameters: the columns, then doc_id.
 */
export function insertRow(entityName: string, columns: readonly Column[]): string {
  const names = columns.map(({ name }) => quoted(name));
  const marks = [...names, '?'].fill('?');
  return `INSERT INTO ${quoted(entityName)} (${names.join(', ')}, doc_id) VALUES (${marks.join(', ')}) ON CONFLICT (doc_id) DO NOTHING`;
}

export function updateRow(entityName: string, columns: readonly Column[]): string {
  const settings = columns.map(({ name }) => `${quoted(name)} = ?`);
  return `UPDATE ${quoted(entityName)} SET ${settings.join(', ')} WHERE doc_id = ?`;
}

export function deleteRow(entityName: string): string {
  return `DELETE FROM ${quoted(entityName)} WHERE doc_id = ?`;
}
