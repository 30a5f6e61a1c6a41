import { finished } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** A value in COPY's text format; null is NULL. */
export type CopyValue = string | number | null;

// PostgreSQL manual, COPY, "Text Format": backslash, newline, carriage return and tab must be escaped.
const special = /[\\\n\r\t]/;
const everySpecial = /[\\\n\r\t]/g;
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** One line of PostgreSQL's COPY text format, newline included. The first value must be a number. */
export function copyLine(values: readonly CopyValue[]): string {
  let line = '';
  for (const value of values) {
    // No tab while the line is empty. The first value is a number, so it never leaves the line empty.
    if (line !== '') line += '\t';
    line += typeof value === 'string' ? escapeText(value) : (value ?? '\\N');
  }
  return `${line}\n`;
}

function escapeText(value: string): string {
  if (!special.test(value)) return value;
  return value.replace(everySpecial, (character) => escapes[character] ?? character);
}

const chunkCharsMax = 1 << 20;

/**
 * Sends rows by COPY. Measured (300 B rows, PostgreSQL 18, two shared cores) against a prepared INSERT with the same number of
 * VALUES: equal at 100 rows, 1.5 times as fast at 2,000. Below 50 rows COPY costs half a millisecond more per batch, which
 * does not justify a second code path. Ids follow the order of the rows, because the sequence is drawn per row.
 */
export async function copyRows<Row>(
  client: pg.PoolClient,
  sql: string,
  source: { rows: Iterable<Row>; line: (row: Row) => string },
): Promise<void> {
  const stream = client.query(copyFrom(sql));
  const ended = finished(stream);
  let chunk = '';
  for (const row of source.rows) {
    chunk += source.line(row);
    if (chunk.length < chunkCharsMax) continue;
    if (!stream.write(chunk)) await Promise.race([ended, new Promise((done) => stream.once('drain', done))]);
    chunk = '';
  }
  stream.end(chunk);
  await ended;
}
