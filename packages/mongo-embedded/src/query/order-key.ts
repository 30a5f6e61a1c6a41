import { Buffer } from 'node:buffer';
import { bsonTypes } from '@emcachers/bson/bson-types';
import { type Decimal, decimalAt } from '@emcachers/bson/decimal128';
import { RawValue } from '@emcachers/bson/raw-value';
import { readDouble, readInt32, readInt64 } from '@emcachers/bson/read-bytes';
import { typeOrderOf } from './compare.ts';
import { decimalFromInteger, decimalToDouble } from './decimal.ts';
import { walkOf } from './raw-document.ts';

/**
 * The binary key of a value: `memcmp` of two keys orders as MongoDB compares the values, and two keys are the same
 * bytes exactly when MongoDB considers the values equal (1, 1L, 1.0 and Decimal128 "1.00" share one). No key is a
 * prefix of another, so keys of several values can be concatenated.
 *
 * Layout: one byte for the class of the type, then
 * - numbers: 8 bytes of the largest double that is not beyond the value (toward zero), in sortable form; one byte
 *   that says whether it is exact; where not, the decimal exponent and digits. Negative numbers have all of it
 *   inverted.
 * - text: the bytes with 00 written as 00 FF, closed by 00 00; documents: element by element, closed by 00.
 */
export function orderKey(value: RawValue): Buffer {
  const writer = new KeyWriter(value.end - value.start + 24);
  writeKey(writer, value);
  return writer.finish();
}

/** One key for several values, such as those of a compound index: descending ones have their bytes inverted. */
export function compoundOrderKey(values: readonly RawValue[], descending: readonly boolean[]): Buffer {
  const writer = new KeyWriter(64);
  for (const [index, value] of values.entries()) {
    const start = writer.length;
    writeKey(writer, value);
    if (descending[index] === true) writer.invertFrom(start);
  }
  return writer.finish();
}

class KeyWriter {
  #bytes: Buffer;
  length = 0;

  constructor(capacityBytes: number) {
    this.#bytes = Buffer.allocUnsafe(capacityBytes);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.length++] = value;
  }

  raw(bytes: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    for (let at = start; at < end; at += 1) this.#bytes[this.length++] = bytes[at] as number;
  }

  uint32(value: number): void {
    this.#reserve(4);
    this.length = this.#bytes.writeUInt32BE(value >>> 0, this.length);
  }

  double(value: number): void {
    this.#reserve(8);
    this.length = this.#bytes.writeDoubleBE(value, this.length);
  }

  text(bytes: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start + 2);
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] as number;
      this.byte(byte);
      if (byte === 0) this.byte(0xff);
    }
    this.byte(0);
    this.byte(0);
  }

  invertFrom(start: number): void {
    for (let at = start; at < this.length; at += 1) this.#bytes[at] = ~(this.#bytes[at] as number);
  }

  setTopBit(at: number): void {
    this.#bytes[at] = (this.#bytes[at] as number) | 0x80;
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  #reserve(extraBytes: number): void {
    if (this.length + extraBytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.length + extraBytes, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.length);
    this.#bytes = grown;
  }
}

function writeKey(writer: KeyWriter, value: RawValue): void {
  writer.byte(typeOrderOf(value.type));
  writePayload(writer, value);
}

function writePayload(writer: KeyWriter, value: RawValue): void {
  const { type, bytes, start, end } = value;
  switch (type) {
    case bsonTypes.double:
    case bsonTypes.int32:
    case bsonTypes.int64:
    case bsonTypes.decimal128:
      writeNumber(writer, value);
      break;
    case bsonTypes.string:
    case bsonTypes.symbol:
    case bsonTypes.code:
      writer.text(bytes, start + 4, end - 1);
      break;
    case bsonTypes.object:
      writeElements(writer, value, true);
      break;
    case bsonTypes.array:
      writeElements(writer, value, false);
      break;
    case bsonTypes.binary:
      writer.uint32(readInt32(bytes, start));
      writer.raw(bytes, start + 4, end);
      break;
    case bsonTypes.objectId:
    case bsonTypes.boolean:
      writer.raw(bytes, start, end);
      break;
    case bsonTypes.date:
      writer.uint32(readInt32(bytes, start + 4) ^ 0x8000_0000);
      writer.uint32(readInt32(bytes, start));
      break;
    case bsonTypes.timestamp:
      writer.uint32(readInt32(bytes, start + 4));
      writer.uint32(readInt32(bytes, start));
      break;
    case bsonTypes.regex:
      writer.raw(bytes, start, end);
      break;
    case bsonTypes.dbPointer:
      writer.uint32(end - start);
      writer.raw(bytes, start, end);
      break;
    case bsonTypes.codeWithScope:
      writeCodeWithScope(writer, value);
      break;
    default:
      break;
  }
}

function writeElements(writer: KeyWriter, value: RawValue, named: boolean): void {
  const walker = walkOf(value);
  while (walker.next()) {
    writer.byte(typeOrderOf(walker.type));
    if (named) {
      writer.raw(value.bytes, walker.nameStart, walker.nameEnd);
      writer.byte(0);
    }
    writePayload(writer, walker.value);
  }
  writer.byte(0);
}

function writeCodeWithScope(writer: KeyWriter, value: RawValue): void {
  const codeEnd = value.start + 8 + readInt32(value.bytes, value.start + 4);
  writer.text(value.bytes, value.start + 8, codeEnd - 1);
  writeElements(writer, new RawValue(bsonTypes.object, value.bytes, { start: codeEnd, end: value.end }), true);
}

function writeNumber(writer: KeyWriter, value: RawValue): void {
  const { bytes, start, type } = value;
  if (type === bsonTypes.int32) writeExact(writer, readInt32(bytes, start));
  else if (type === bsonTypes.double) writeExact(writer, readDouble(bytes, start));
  else if (type === bsonTypes.int64) writeInt64(writer, readInt64(bytes, start));
  else writeDecimal(writer, decimalAt(value.bytes, value.start));
}

function writeInt64(writer: KeyWriter, value: bigint): void {
  const nearest = Number(value);
  if (BigInt(nearest) === value) writeExact(writer, nearest);
  else writeInexact(writer, decimalFromInteger(value));
}

function writeDecimal(writer: KeyWriter, decimal: Decimal): void {
  if (decimal.kind !== 'finite') writeExact(writer, decimalToDouble(decimal));
  else if (decimal.coefficient === 0n) writeExact(writer, 0);
  else writeInexact(writer, decimal);
}

/** NaN is the lowest number and sorts before every other. */
function writeExact(writer: KeyWriter, value: number): void {
  if (Number.isNaN(value)) {
    for (let index = 0; index < 9; index += 1) writer.byte(0);
    return;
  }
  const start = writer.length;
  writer.double(Math.abs(value));
  writer.byte(0);
  sign(writer, start, value < 0);
}

function writeInexact(writer: KeyWriter, decimal: Decimal): void {
  const below = doubleNotBeyond(decimal);
  const start = writer.length;
  writer.double(below);
  if (isExactly(decimal, below)) {
    writer.byte(0);
  } else {
    const digits = decimal.coefficient.toString().replace(/0+$/, '');
    const exponent = decimal.exponent + decimal.coefficient.toString().length;
    writer.byte(1);
    writer.byte(((exponent + 0x8000) >> 8) & 0xff);
    writer.byte((exponent + 0x8000) & 0xff);
    for (const digit of digits) writer.byte(digit.charCodeAt(0));
    writer.byte(0);
  }
  sign(writer, start, decimal.negative);
}

/** Without its sign, a double sorts like its bytes; the top bit then separates negative numbers. */
function sign(writer: KeyWriter, start: number, negative: boolean): void {
  writer.setTopBit(start);
  if (negative) writer.invertFrom(start);
}

/** The largest double whose value does not exceed the decimal's absolute value. */
function doubleNotBeyond(decimal: Decimal): number {
  const nearest = decimalToDouble({ ...decimal, negative: false });
  if (!Number.isFinite(nearest)) return Number.MAX_VALUE;
  return compareWithDouble(decimal, nearest) < 0 ? doubleBefore(nearest) : nearest;
}

function isExactly(decimal: Decimal, double: number): boolean {
  return compareWithDouble(decimal, double) === 0;
}

const cell = new DataView(new ArrayBuffer(8));

function doubleBefore(value: number): number {
  cell.setFloat64(0, value);
  cell.setBigUint64(0, cell.getBigUint64(0) - 1n);
  return cell.getFloat64(0);
}

/** Sign of `|decimal| - double`, exactly. */
function compareWithDouble(decimal: Decimal, double: number): number {
  cell.setFloat64(0, double);
  const bits = cell.getBigUint64(0);
  const biased = Number(bits >> 52n) & 0x7ff;
  const fraction = bits & 0xf_ffff_ffff_ffffn;
  const mantissa = biased === 0 ? fraction : fraction | 0x10_0000_0000_0000n;
  const power = (biased === 0 ? 1 : biased) - 1075;
  let left = decimal.coefficient;
  let right = mantissa;
  if (power > 0) right <<= BigInt(power);
  else left <<= BigInt(-power);
  if (decimal.exponent > 0) left *= 10n ** BigInt(decimal.exponent);
  else right *= 10n ** BigInt(-decimal.exponent);
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
