import type { Writable } from 'node:stream';
import { stringify } from 'yaml';
import { type Column, renderTable } from './table.ts';

export const outputFormats = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof outputFormats)[number];

/** What a command answers: the value for programs, and the text for people. */
export interface Answer {
  readonly value: unknown;
  readonly text: string;
}

/** A list as a table; `none` is printed if it is empty. */
export function listAnswer<Row>(rows: readonly Row[], columns: readonly Column<Row>[], none: string): Answer {
  return { value: rows, text: rows.length === 0 ? `${none}\n` : renderTable(columns, rows) };
}

/** Writes the answer in the format. JSON and YAML have every field, tables the ones that people look at. */
export function writeAnswer(stdout: Pick<Writable, 'write'>, { value, text }: Answer, format: OutputFormat): void {
  if (format === 'json') stdout.write(`${JSON.stringify(value, null, 2)}\n`);
  else if (format === 'yaml') stdout.write(stringify(value));
  else stdout.write(text);
}
