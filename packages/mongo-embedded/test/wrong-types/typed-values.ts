/** Values of all 21 BSON types, with the extremes that conversions and allocations fail on. */
import { serialize } from 'bson';
import { rawDocument, rawElement, rawInt, rawString } from '../../contract/raw-bson.ts';

/** One BSON value: its type byte and its bytes, with a name for reports. */
export class TypedValue {
  readonly label: string;
  readonly type: number;
  readonly bytes: Buffer;

  constructor(label: string, type: number, bytes: Buffer) {
    this.label = label;
    this.type = type;
    this.bytes = bytes;
  }
}

function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(`${value}\0`);
  return Buffer.concat([int32(bytes.length), bytes]);
}

const empty = Buffer.alloc(0);
const long = { max: 2n ** 63n - 1n, min: -(2n ** 63n) };
const scoped = Buffer.concat([text('x'), rawDocument()]);
/** Decimal128 infinity: a positive sign and the combination field 11110. */
const infinity = Buffer.from('00000000000000000000000000000078', 'hex');
/** Decimal128 9E+6144, the largest exponent that its digit allows. */
const largest = Buffer.from('0900000000000000000000000000fe5f', 'hex');

export const typedValues: readonly TypedValue[] = [
  ...[0, 0.5, 1e300, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(
    (value) => new TypedValue(`double ${value}`, 0x01, double(value)),
  ),
  ...['', 'zz', '$a', 'a\0b'].map(
    (value) => new TypedValue(`string ${JSON.stringify(value.slice(0, 5))}`, 0x02, text(value)),
  ),
  new TypedValue('empty document', 0x03, rawDocument()),
  new TypedValue('document', 0x03, rawDocument(rawInt('a', 1))),
  new TypedValue('operator document', 0x03, rawDocument(rawInt('$zz', 1))),
  new TypedValue('empty array', 0x04, rawDocument()),
  new TypedValue('array of ints', 0x04, rawDocument(rawInt('0', 1))),
  new TypedValue('array of documents', 0x04, rawDocument(rawElement(0x03, '0', rawDocument(rawString('a', 'b'))))),
  new TypedValue('uuid', 0x05, Buffer.concat([int32(16), Buffer.from([4]), Buffer.alloc(16, 7)])),
  new TypedValue('undefined', 0x06, empty),
  new TypedValue('ObjectId', 0x07, Buffer.alloc(12, 1)),
  new TypedValue('false', 0x08, Buffer.from([0])),
  new TypedValue('true', 0x08, Buffer.from([1])),
  new TypedValue('first date', 0x09, int64(long.min)),
  new TypedValue('date 0', 0x09, int64(0n)),
  new TypedValue('last date', 0x09, int64(long.max)),
  new TypedValue('null', 0x0a, empty),
  new TypedValue('regular expression', 0x0b, Buffer.from('a\0i\0')),
  new TypedValue('malformed regular expression', 0x0b, Buffer.from('(\0\0')),
  new TypedValue('DBPointer', 0x0c, Buffer.concat([text('a.b'), Buffer.alloc(12)])),
  new TypedValue('code', 0x0d, text('x')),
  new TypedValue('symbol', 0x0e, text('x')),
  new TypedValue('code with scope', 0x0f, Buffer.concat([int32(scoped.length + 4), scoped])),
  ...[0, -1, 2 ** 31 - 1, -(2 ** 31)].map((value) => new TypedValue(`int ${value}`, 0x10, int32(value))),
  new TypedValue('timestamp 0', 0x11, int64(0n)),
  new TypedValue('last timestamp', 0x11, int64(-1n)),
  ...[0n, long.max, long.min].map((value) => new TypedValue(`long ${value}`, 0x12, int64(value))),
  new TypedValue('decimal 0', 0x13, Buffer.from('00000000000000000000000000004030', 'hex')),
  new TypedValue('decimal infinity', 0x13, infinity),
  new TypedValue('largest decimal', 0x13, largest),
  new TypedValue('minKey', 0xff, empty),
  new TypedValue('maxKey', 0x7f, empty),
];

/** A document of plain values, with `typed` at the given path in place of what stands there. */
export function encodeWith(document: object, path: readonly string[], typed: TypedValue): Buffer {
  return rawDocument(...Object.entries(document).map(([name, value]) => encodeField(name, value, { path, typed })));
}

interface Replacement {
  readonly path: readonly string[];
  readonly typed: TypedValue;
}

function encodeField(name: string, value: unknown, { path, typed }: Replacement): Buffer {
  const [first, ...rest] = path;
  if (first !== name) return Buffer.from(serialize({ [name]: value })).subarray(4, -1);
  if (rest.length === 0) return rawElement(typed.type, name, typed.bytes);
  if (typeof value !== 'object' || value === null) throw new TypeError(`Nothing lies below ${name}`);
  return rawElement(Array.isArray(value) ? 0x04 : 0x03, name, encodeWith(value, rest, typed));
}

/** The path of every field and array item in a document of plain values. */
export function pathsOf(document: object): string[][] {
  return Object.entries(document).flatMap(([name, value]) => {
    const isNested = Array.isArray(value) || (value !== null && value?.constructor === Object);
    return isNested ? [[name], ...pathsOf(value).map((path) => [name, ...path])] : [[name]];
  });
}
