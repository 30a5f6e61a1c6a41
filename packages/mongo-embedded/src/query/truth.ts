import { bsonTypes } from '@emcachers/bson/bson-types';
import { decimalAt } from '@emcachers/bson/decimal128';
import type { RawValue } from '@emcachers/bson/raw-value';
import { readDouble, readInt32, readInt64 } from '@emcachers/bson/read-bytes';

/** Whether MongoDB treats the value as true: every value except zero, false, null and missing. */
export function isTruthy(value: RawValue | undefined): boolean {
  if (value === undefined) return false;
  const { type, bytes, start } = value;
  if (type === bsonTypes.boolean) return bytes[start] !== 0;
  if (type === bsonTypes.null || type === bsonTypes.undefined) return false;
  if (type === bsonTypes.int32) return readInt32(bytes, start) !== 0;
  if (type === bsonTypes.int64) return readInt64(bytes, start) !== 0n;
  if (type === bsonTypes.double) return readDouble(bytes, start) !== 0;
  if (type === bsonTypes.decimal128) return !isDecimalZero(value);
  return true;
}

function isDecimalZero({ bytes, start }: RawValue): boolean {
  const { kind, coefficient } = decimalAt(bytes, start);
  return kind === 'finite' && coefficient === 0n;
}
