import { Buffer } from 'node:buffer';
import { bsonTypes } from './bson-types.ts';
import { textBetween } from './read-bytes.ts';

/** The span of a value: `bytes[start, end)`. */
export interface ValueSpan {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** One BSON value in place: `bytes[start, end)` is its encoding without type byte and name. It is not copied, and decoded only on request. */
export class RawValue {
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;

  constructor(type: number, bytes: Uint8Array, span: Omit<ValueSpan, 'bytes'>) {
    this.type = type;
    this.bytes = bytes;
    this.start = span.start;
    this.end = span.end;
  }

  /** The value's encoding, sharing memory with its document. */
  span(): Uint8Array {
    return this.bytes.subarray(this.start, this.end);
  }
}

/** A value that fills the given bytes. */
export function rawValue(type: number, bytes: Uint8Array): RawValue {
  return new RawValue(type, bytes, { start: 0, end: bytes.length });
}

/** A whole document (or an array's document) as a value. */
export function documentValue(document: Uint8Array): RawValue {
  return rawValue(bsonTypes.object, document);
}

/** An array as a value. `document` is its whole BSON document, whose names are '0', '1', …; it is neither copied nor checked. */
export function arrayValue(document: Uint8Array): RawValue {
  return rawValue(bsonTypes.array, document);
}

/** `value` as an int32 (4 bytes). Throws a RangeError outside −2^31 to 2^31 − 1. */
export function int32Value(value: number): RawValue {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32LE(value);
  return rawValue(bsonTypes.int32, bytes);
}

/** `value` as an int64 (8 bytes). Throws a RangeError outside −2^63 to 2^63 − 1. */
export function int64Value(value: bigint): RawValue {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64LE(value);
  return rawValue(bsonTypes.int64, bytes);
}

/** `value` as a double (8 bytes), also where an int32 would hold it. Keeps NaN, the infinities and −0. */
export function doubleValue(value: number): RawValue {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleLE(value);
  return rawValue(bsonTypes.double, bytes);
}

/** `value` as a UTF-8 string, which may contain zero bytes. Unpaired surrogates become U+FFFD. */
export function stringValue(value: string): RawValue {
  const length = Buffer.byteLength(value);
  const bytes = Buffer.allocUnsafe(length + 5);
  bytes.writeInt32LE(length + 1);
  bytes.write(value, 4);
  bytes[length + 4] = 0;
  return rawValue(bsonTypes.string, bytes);
}

/** `value` as a boolean (1 byte). */
export function booleanValue(value: boolean): RawValue {
  return rawValue(bsonTypes.boolean, Uint8Array.of(value ? 1 : 0));
}

/** `milliseconds` since 1970. */
export function dateValue(milliseconds: bigint): RawValue {
  return rawValue(bsonTypes.date, int64Value(milliseconds).bytes);
}

/**
 * A BSON timestamp (8 bytes): `seconds` since 1970 and the `increment` that orders events within a second. Throws a
 * RangeError if either is outside 0 to 2^32 − 1.
 */
export function timestampValue(seconds: number, increment: number): RawValue {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeUInt32LE(increment, 0);
  bytes.writeUInt32LE(seconds, 4);
  return rawValue(bsonTypes.timestamp, bytes);
}

export const nullValue: RawValue = rawValue(bsonTypes.null, new Uint8Array(0));

/** The text of a string, symbol or code value. */
export function stringOf(value: ValueSpan): string {
  return textBetween(value.bytes, value.start + 4, value.end - 1);
}
