/**
 * The projected row as stored in the oplog (`data`): a JSON array with one element per column, in the shape's order. A value
 * that JSON can represent is plain JSON; others are an object with one key: `{"i":"…"}` an integer beyond 2^53, `{"r":"…"}`
 * a REAL with an integer value, `{"b":"…"}` a BLOB in base64. JSON escapes NUL, so the row fits PostgreSQL's `text`. Only
 * `Any` columns need a tag to distinguish REAL from INTEGER.
 */
import { columnTraits } from '../column-traits.ts';
import type { ColumnType } from '../shape.ts';
import { DocumentError } from './document-error.ts';

/**
 * A value to be stored in SQLite. In an `Any` column a number is a REAL and a bigint an INTEGER. In `Integer` and `Bool`
 * columns a number is a safe integer, which SQLite converts to an INTEGER.
 */
export type SqlValue = null | string | number | bigint | Uint8Array;

/** One cell as JSON text. A BLOB is `{"b": base64}`. */
export function encodeCell(value: SqlValue, type: ColumnType): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'bigint') return encodeInteger(value);
  if (typeof value === 'number') return isTagged(type) ? encodeReal(value) : encodePlainNumber(value);
  return `{"b":"${Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')}"}`;
}

function isTagged(type: ColumnType): boolean {
  return columnTraits[type].numbers === 'tagged';
}

/** Encodes an INTEGER: as a JSON number, or as `{"i": digits}` beyond the safe integers, which JSON.parse would round. */
export function encodeInteger(value: number | bigint): string {
  const isSafe = typeof value === 'number' || (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER);
  return isSafe ? String(value) : `{"i":"${value}"}`;
}

/** A REAL in an `Any` column. */
export function encodeReal(value: number): string {
  if (Number.isInteger(value)) return `{"r":"${Object.is(value, -0) ? '-0' : value}"}`;
  return encodePlainNumber(value);
}

/** A number in a column whose type determines its storage class. Non-finite numbers are strings. */
export function encodePlainNumber(value: number): string {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? String(value) : `"${value}"`;
}

/** The row's values. Throws if the row does not have one element per column. */
export function decodeRow(data: string, types: readonly ColumnType[]): SqlValue[] {
  const parsed: unknown = JSON.parse(data);
  if (!Array.isArray(parsed) || parsed.length !== types.length)
    throw new DocumentError(`A row of the oplog does not have the ${types.length} columns of its shape.`);
  const values: unknown[] = parsed;
  return values.map((value, index) => decodeCell(value, types[index] ?? 'Any'));
}

function decodeCell(value: unknown, type: ColumnType): SqlValue {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'number') return isTagged(type) && Number.isInteger(value) ? BigInt(value) : value;
  const tagged = typeof value === 'object' ? decodeTagged(value) : null;
  if (tagged === null) throw new DocumentError('A row of the oplog holds a value that its encoding does not know.');
  return tagged;
}

function decodeTagged(value: object): SqlValue {
  if ('i' in value && typeof value.i === 'string') return BigInt(value.i);
  if ('r' in value && typeof value.r === 'string') return Number(value.r);
  if ('b' in value && typeof value.b === 'string') return Buffer.from(value.b, 'base64');
  return null;
}

/** Number of bytes of a BLOB that `cellText` shows. */
const cellBlobBytesMax = 64;

/** A value for display: all digits, REALs with a decimal point, BLOBs in SQLite's notation. */
export function cellText(value: SqlValue): string | null {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'number') return Object.is(value, -0) ? '-0.0' : realText(value);
  const shown = Buffer.from(value.buffer, value.byteOffset, Math.min(value.byteLength, cellBlobBytesMax));
  return `x'${shown.toString('hex')}${value.byteLength > cellBlobBytesMax ? '…' : ''}'`;
}

function realText(value: number): string {
  const text = String(value);
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${text}.0` : text;
}
