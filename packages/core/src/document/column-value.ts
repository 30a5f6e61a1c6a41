/**
 * Converts one BSON value to the value stored in a column: the table of `docs/glossary.md`, as code. Defined for every
 * (BSON type, column type) pair. `null` means there is no value; `refused` means that the column type cannot hold it,
 * which is counted as a coercion error.
 */
import type { ColumnType } from '../shape.ts';
import { unreachable } from '../unreachable.ts';
import { type Decimal, decimalAt, decimalInteger, decimalText } from './decimal128.ts';
import { type ValueAt, valueJson } from './json-writer.ts';
import { bsonType, int32At } from './raw-bson.ts';
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
export type ColumnValue = SqlValue | typeof refused;

export function columnValue(bytes: Buffer, value: ValueAt, columnType: ColumnType): ColumnValue {
  if (columnType === 'JSONB') return valueJson(bytes, value, 1);
  if (value.type === bsonType.null || value.type === bsonType.undefined) return null;
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
    case bsonType.string:
    case bsonType.code:
    case bsonType.symbol:
      return stringAt(bytes, start);
    case bsonType.objectId:
      return objectIdText(bytes, start);
    case bsonType.date:
      return dateText(integerAt(bytes, start));
    case bsonType.double:
      return doubleText(bytes.readDoubleLE(start));
    case bsonType.decimal128:
      return decimalText(decimalAt(bytes, start));
    case bsonType.binary:
      return binaryText(bytes, binaryAt(bytes, start));
    case bsonType.timestamp:
      return timestampText(bytes, start);
    case bsonType.regex:
      return regexText(bytes, start);
    case bsonType.minKey:
    case bsonType.maxKey:
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
    case bsonType.int32:
      return int32At(bytes, start);
    case bsonType.int64:
    case bsonType.date:
      return integerAt(bytes, start);
    case bsonType.bool:
      return bytes[start] === 1 ? 1 : 0;
    case bsonType.double:
      return wholeDouble(bytes.readDoubleLE(start));
    case bsonType.decimal128:
      return int64OrRefused(decimalInteger(decimalAt(bytes, start), 40));
    case bsonType.timestamp:
      return int64OrRefused(bytes.readBigUInt64LE(start));
    default:
      return refused;
  }
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
    case bsonType.double:
      return finiteOrText(bytes.readDoubleLE(start));
    case bsonType.int32:
      return int32At(bytes, start);
    case bsonType.int64:
    case bsonType.date:
      return Number(integerAt(bytes, start));
    case bsonType.bool:
      return bytes[start] === 1 ? 1 : 0;
    case bsonType.decimal128:
      return decimalNumber(decimalAt(bytes, start));
    default:
      return refused;
  }
}

/** SQLite stores NaN as NULL, so non-finite values are kept as text. */
function finiteOrText(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** The nearest double. A finite value outside the range of a double is refused, not turned into Infinity. */
function decimalNumber(decimal: Decimal): ColumnValue {
  const value = Number(decimalText(decimal));
  return decimal.kind === 'finite' && !Number.isFinite(value) ? refused : finiteOrText(value);
}

function boolValue(bytes: Buffer, { type, start }: ValueAt): ColumnValue {
  if (type === bsonType.bool) return bytes[start] === 1 ? 1 : 0;
  const number = type === bsonType.date ? refused : numberValue(bytes, { type, start });
  return number === 0 || number === 1 ? number + 0 : refused;
}

function anyValue(bytes: Buffer, value: ValueAt): ColumnValue {
  const { type, start } = value;
  switch (type) {
    case bsonType.int32:
      return BigInt(int32At(bytes, start));
    case bsonType.int64:
      return int64At(bytes, start);
    case bsonType.bool:
      return bytes[start] === 1 ? 1n : 0n;
    case bsonType.double:
      return finiteOrText(bytes.readDoubleLE(start));
    case bsonType.binary: {
      const binary = binaryAt(bytes, start);
      return isUuid(binary) ? binaryText(bytes, binary) : bytes.subarray(binary.start, binary.end);
    }
    default:
      return textValue(bytes, value);
  }
}
