import { Buffer } from 'node:buffer';

/** BSON's element types, by the byte that stands before an element's name. Source: bsonspec.org, version 1.1. */
export const bsonTypes = {
  double: 0x01,
  string: 0x02,
  object: 0x03,
  array: 0x04,
  binary: 0x05,
  undefined: 0x06,
  objectId: 0x07,
  boolean: 0x08,
  date: 0x09,
  null: 0x0a,
  regex: 0x0b,
  dbPointer: 0x0c,
  code: 0x0d,
  symbol: 0x0e,
  codeWithScope: 0x0f,
  int32: 0x10,
  timestamp: 0x11,
  int64: 0x12,
  decimal128: 0x13,
  minKey: 0xff,
  maxKey: 0x7f,
} as const;

/** One BSON value where it stands: `bytes[start, end)` is its encoding without type byte and name. Never copied, never decoded before it is asked for. */
export class RawValue {
  readonly type: number;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;

  constructor(type: number, bytes: Uint8Array, span: { readonly start: number; readonly end: number }) {
    this.type = type;
    this.bytes = bytes;
    this.start = span.start;
    this.end = span.end;
  }

  /** The value's encoding, sharing memory with the document it stands in. */
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

export function arrayValue(document: Uint8Array): RawValue {
  return rawValue(bsonTypes.array, document);
}

export function int32Value(value: number): RawValue {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeInt32LE(value);
  return rawValue(bsonTypes.int32, bytes);
}

export function int64Value(value: bigint): RawValue {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64LE(value);
  return rawValue(bsonTypes.int64, bytes);
}

export function doubleValue(value: number): RawValue {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleLE(value);
  return rawValue(bsonTypes.double, bytes);
}

export function stringValue(value: string): RawValue {
  const length = Buffer.byteLength(value);
  const bytes = Buffer.allocUnsafe(length + 5);
  bytes.writeInt32LE(length + 1);
  bytes.write(value, 4);
  bytes[length + 4] = 0;
  return rawValue(bsonTypes.string, bytes);
}

export function booleanValue(value: boolean): RawValue {
  return rawValue(bsonTypes.boolean, Uint8Array.of(value ? 1 : 0));
}

/** `milliseconds` since 1970. */
export function dateValue(milliseconds: bigint): RawValue {
  return rawValue(bsonTypes.date, int64Value(milliseconds).bytes);
}

export function timestampValue(seconds: number, increment: number): RawValue {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeUInt32LE(increment, 0);
  bytes.writeUInt32LE(seconds, 4);
  return rawValue(bsonTypes.timestamp, bytes);
}

export const nullValue: RawValue = rawValue(bsonTypes.null, new Uint8Array(0));

/** Little-endian signed 32 bits; the caller has checked the bounds. */
export function readInt32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at) >>> 0;
}

export function readInt64(bytes: Uint8Array, at: number): bigint {
  return (BigInt(readInt32(bytes, at + 4)) << 32n) | BigInt(readUint32(bytes, at));
}

const doubleCell = new DataView(new ArrayBuffer(8));

export function readDouble(bytes: Uint8Array, at: number): number {
  doubleCell.setInt32(0, readInt32(bytes, at), true);
  doubleCell.setInt32(4, readInt32(bytes, at + 4), true);
  return doubleCell.getFloat64(0, true);
}

/** The same memory as a Buffer. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** UTF-8 between two positions; invalid bytes become U+FFFD, so names and ids are compared as bytes, not by this. */
export function textBetween(bytes: Uint8Array, start: number, end: number): string {
  return asBuffer(bytes).toString('utf8', start, end);
}

/** The text of a string, symbol or code value. */
export function stringOf(value: RawValue): string {
  return textBetween(value.bytes, value.start + 4, value.end - 1);
}

export function isNumberType(type: number): boolean {
  return (
    type === bsonTypes.int32 || type === bsonTypes.double || type === bsonTypes.int64 || type === bsonTypes.decimal128
  );
}

/** Whether the value is a number, boolean, null or missing that MongoDB takes for false. */
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

function isDecimalZero(value: RawValue): boolean {
  const low = readInt64(value.bytes, value.start);
  const high = readInt64(value.bytes, value.start + 8) & 0x1_ffff_ffff_ffffn;
  return low === 0n && high === 0n && (readInt32(value.bytes, value.start + 12) & 0x7800_0000) !== 0x7800_0000;
}
