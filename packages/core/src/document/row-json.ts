/**
 * A row for readers outside of the engine: a JSON object with the shape's column names. Every value can be read back exactly
 * from the JSON text and the column's type, also by a reader whose numbers are doubles. docs/oplog-api.md is the specification.
 */
import type { Column, ColumnType } from '../shape.ts';
import { decodeRow, type SqlValue } from './row-codec.ts';

/** Objects occur only in `Any` columns, for values whose SQLite type a JSON number does not tell, and for BLOBs in base64. */
export type CellJson =
  | null
  | boolean
  | number
  | string
  | { readonly integer: string }
  | { readonly real: string }
  | { readonly blob: string };

/** Column names with their values, in the shape's order. */
export type RowJson = Readonly<Record<string, CellJson>>;

/** Converts a row in the oplog's encoding. Throws if it does not have one element per column. */
export function rowJson(data: string, columns: readonly Column[]): RowJson {
  const values = decodeRow(
    data,
    columns.map(({ type }) => type),
  );
  return Object.fromEntries(columns.map(({ name, type }, index) => [name, cellJson(values[index] ?? null, type)]));
}

function cellJson(value: SqlValue, type: ColumnType): CellJson {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'bigint') return integerJson(value, type);
  if (typeof value === 'number') return numberJson(value, type);
  return { blob: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
}

function integerJson(value: bigint, type: ColumnType): CellJson {
  const isSafe = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
  if (isSafe) return Number(value);
  return type === 'Any' ? { integer: value.toString() } : value.toString();
}

function numberJson(value: number, type: ColumnType): CellJson {
  if (type === 'Bool') return value === 1;
  // JSON.stringify writes -0 as 0.
  const text = Object.is(value, -0) ? '-0' : String(value);
  if (type === 'Any') return Number.isInteger(value) ? { real: text } : value;
  return Object.is(value, -0) ? text : value;
}
