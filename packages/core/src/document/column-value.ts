/**
 * Converts one BSON value to the value stored in a column: the table of `docs/glossary.md`, as code. Defined for every
 * (BSON type, column type) pair. `null` means there is no value; `refused` means that the column type cannot hold it,
 * which is counted as a coercion error.
 */
import { bsonTypes } from '@emcachers/bson/bson-types';
import { type Decimal, decimalAt, decimalText } from '@emcachers/bson/decimal128';
import { readInt32 } from '@emcachers/bson/read-bytes';
import type { ColumnType } from '../shape.ts';
import { unreachable } from '../unreachable.ts';
import { type ValueAt, valueJson } from './json-writer.ts';
import { doubleOfDecimal } from './numeric-text.ts';
import type { SqlValue } from './row-codec.ts';
import {
  binaryAt,
  binaryText,
  boundaryText,
  dateText,
  int64At,
  integerAt,
  isUuid,
  objectIdText,
  regexText,
  stringAt,
  timestampText,
} from './value-text.ts';

export const refused = Symbol('refused');
/** The value to store, or `refused` if the column type cannot hold it. */
export type ColumnValue = SqlValue | typeof refused;

/** Converts the BSON value at `value` to `columnType`. Throws `DocumentError` for bytes that are not BSON. */
export function columnValue(bytes: Buffer, value: ValueAt, columnType: ColumnType): ColumnValue {
  if (columnType === 'JSONB') return valueJson(bytes, value, 1);
  if (value.type === bsonTypes.null || value.type === bsonTypes.undefined) return null;
  switch (columnType) {
    case 'Text':
      return textValue(bytes, value);
    case 'Integer':
      return integerValue(bytes, value);
    case 'Number':
      return numberValue(bytes, value);
    case 'Bool':
      return boolValue(bytes, value);
    case 'Any':
      return anyValue(bytes, value);
    default:
      return unreachable(columnType);
  }
}

/** Every BSON value has a text form: its canonical text, or JSON for documents and arrays. */
function textValue(bytes: Buffer, value: ValueAt): string {
  const { type, start } = value;
  switch (type) {
    case bsonTypes.string:
    case bsonTypes.code:
    case bsonTypes.symbol:
      return stringAt(bytes, start);
    case bsonTypes.objectId:
      return objectIdText(bytes, start);
    case bsonTypes.date:
      return dateText(integerAt(bytes, start));
    case bsonTypes.double:
      return doubleText(bytes.readDoubleLE(start));
    case bsonTypes.decimal128:
      return decimalText(decimalAt(bytes, start));
    case bsonTypes.binary:
      return binaryText(bytes, binaryAt(bytes, start));
    case bsonTypes.timestamp:
      return timestampText(bytes, start);
    case bsonTypes.regex:
      return regexText(bytes, start);
    case bsonTypes.minKey:
    case bsonTypes.maxKey:
      return boundaryText(type);
    default:
      return valueJson(bytes, value, 1);
  }
}

function doubleText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}

function integerValue(bytes: Buffer, { type, start }: ValueAt): ColumnValue {
  switch (type) {
    case bsonTypes.int32:
      return readInt32(bytes, start);
    case bsonTypes.int64:
    case bsonTypes.date:
      return integerAt(bytes, start);
    case bsonTypes.boolean:
      return bytes[start] === 1 ? 1 : 0;
    case bsonTypes.double:
      return wholeDouble(bytes.readDoubleLE(start));
    case bsonTypes.decimal128:
      return int64OrRefused(decimalInteger(decimalAt(bytes, start), 40));
    case bsonTypes.timestamp:
      return int64OrRefused(bytes.readBigUInt64LE(start));
    default:
      return refused;
  }
}

/** The value as an integer, or null if it has a fraction or more than `digitCountMax` digits. */
function decimalInteger(decimal: Decimal, digitCountMax: number): bigint | null {
  if (decimal.kind !== 'finite') return null;
  const { coefficient, exponent, negative } = decimal;
  if (coefficient === 0n) return 0n;
  if (exponent > digitCountMax) return null;
  const scale = 10n ** BigInt(Math.abs(exponent));
  if (exponent < 0 && coefficient % scale !== 0n) return null;
  const whole = exponent < 0 ? coefficient / scale : coefficient * scale;
  return negative ? -whole : whole;
}

function wholeDouble(value: number): ColumnValue {
  if (!Number.isInteger(value)) return refused;
  // `+ 0` turns -0 into 0: an integer column has no negative zero.
  return Number.isSafeInteger(value) ? value + 0 : int64OrRefused(BigInt(value));
}

function int64OrRefused(value: bigint | null): ColumnValue {
  if (value === null || value !== BigInt.asIntN(64, value)) return refused;
  const isSafe = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
  return isSafe ? Number(value) : value;
}

function numberValue(bytes: Buffer, { type, start }: ValueAt): ColumnValue {
  switch (type) {
    case bsonTypes.double:
      return finiteOrText(bytes.readDoubleLE(start));
    case bsonTypes.int32:
      return readInt32(bytes, start);
    case bsonTypes.int64:
    case bsonTypes.date:
      return doubleOrRefused(integerAt(bytes, start));
    case bsonTypes.boolean:
      return bytes[start] === 1 ? 1 : 0;
    case bsonTypes.decimal128:
      return decimalNumber(decimalAt(bytes, start));
    default:
      return refused;
  }
}

/** SQLite stores NaN as NULL, so non-finite values are kept as text. */
function finiteOrText(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** Refused if the nearest double is another integer. */
function doubleOrRefused(value: number | bigint): ColumnValue {
  const double = Number(value);
  return typeof value === 'number' || BigInt(double) === value ? double : refused;
}

/** Refused if no double reads back as this decimal. */
function decimalNumber(decimal: Decimal): ColumnValue {
  const double = doubleOfDecimal(decimal, decimalText(decimal));
  return double === null ? refused : finiteOrText(double);
}

function boolValue(bytes: Buffer, { type, start }: ValueAt): ColumnValue {
  if (type === bsonTypes.boolean) return bytes[start] === 1 ? 1 : 0;
  const number = type === bsonTypes.date ? refused : numberValue(bytes, { type, start });
  return number === 0 || number === 1 ? number + 0 : refused;
}

function anyValue(bytes: Buffer, value: ValueAt): ColumnValue {
  const { type, start } = value;
  switch (type) {
    case bsonTypes.int32:
      return BigInt(readInt32(bytes, start));
    case bsonTypes.int64:
      return int64At(bytes, start);
    case bsonTypes.boolean:
      return bytes[start] === 1 ? 1n : 0n;
    case bsonTypes.double:
      return finiteOrText(bytes.readDoubleLE(start));
    case bsonTypes.binary: {
      const binary = binaryAt(bytes, start);
      return isUuid(binary) ? binaryText(bytes, binary) : bytes.subarray(binary.start, binary.end);
    }
    default:
      return textValue(bytes, value);
  }
}
