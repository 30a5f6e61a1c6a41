import { bsonTypes } from '@emcachers/bson/bson-types';
import { type Decimal, decimalAt } from '@emcachers/bson/decimal128';
import type { ElementWalk } from '@emcachers/bson/element-walk';
import { RawValue } from '@emcachers/bson/raw-value';
import { asBuffer, readDouble, readInt32, readInt64, readUint32 } from '@emcachers/bson/read-bytes';
import { walkOf } from './raw-document.ts';

/**
 * The order of types in MongoDB's comparison order. Source: `canonicalizeBSONType` in `src/mongo/bson/bsontypes.h` of
 * mongodb/mongo; the manual's page "Comparison/Sort Order" names the same classes.
 */
export const typeOrders: Readonly<Record<number, number>> = {
  [bsonTypes.minKey]: 1,
  [bsonTypes.undefined]: 5,
  [bsonTypes.null]: 10,
  [bsonTypes.double]: 15,
  [bsonTypes.int32]: 15,
  [bsonTypes.int64]: 15,
  [bsonTypes.decimal128]: 15,
  [bsonTypes.string]: 20,
  [bsonTypes.symbol]: 20,
  [bsonTypes.object]: 25,
  [bsonTypes.array]: 30,
  [bsonTypes.binary]: 35,
  [bsonTypes.objectId]: 40,
  [bsonTypes.boolean]: 45,
  [bsonTypes.date]: 50,
  [bsonTypes.timestamp]: 52,
  [bsonTypes.regex]: 55,
  [bsonTypes.dbPointer]: 60,
  [bsonTypes.code]: 65,
  [bsonTypes.codeWithScope]: 70,
  [bsonTypes.maxKey]: 127,
};

/** The class that a type compares in: 1 for MinKey up to 127 for MaxKey. */
export function typeOrderOf(type: number): number {
  return typeOrders[type] ?? 0;
}

/**
 * Compares two values as MongoDB sorts them, across types: negative, zero or positive. Strings compare as bytes (the
 * simple collation), documents by type, name and value in field order, arrays item by item.
 * Source: `BSONElement::compareElements` in `src/mongo/bson/bsonelement.cpp` of mongodb/mongo.
 */
export function compareValues(left: RawValue, right: RawValue): number {
  const order = typeOrderOf(left.type) - typeOrderOf(right.type);
  return order !== 0 ? order : compareWithinClass(left, right);
}

/** In a sort, missing compares like null. */
export function compareOptional(left: RawValue | undefined, right: RawValue | undefined, missing: RawValue): number {
  return compareValues(left ?? missing, right ?? missing);
}

function compareWithinClass(left: RawValue, right: RawValue): number {
  switch (left.type) {
    case bsonTypes.double:
    case bsonTypes.int32:
    case bsonTypes.int64:
    case bsonTypes.decimal128:
      return compareNumbers(left, right);
    case bsonTypes.string:
    case bsonTypes.symbol:
    case bsonTypes.code:
      return compareSpans(left, right, { skipHead: 4, skipTail: 1 });
    case bsonTypes.object:
      return compareDocuments(left, right, true);
    case bsonTypes.array:
      return compareDocuments(left, right, false);
    case bsonTypes.binary: {
      const length = readInt32(left.bytes, left.start) - readInt32(right.bytes, right.start);
      return length !== 0 ? length : compareSpans(left, right, { skipHead: 4, skipTail: 0 });
    }
    case bsonTypes.date:
      return signOf(readInt64(left.bytes, left.start) - readInt64(right.bytes, right.start));
    case bsonTypes.timestamp: {
      const seconds = readUint32(left.bytes, left.start + 4) - readUint32(right.bytes, right.start + 4);
      return seconds !== 0 ? seconds : readUint32(left.bytes, left.start) - readUint32(right.bytes, right.start);
    }
    case bsonTypes.objectId:
    case bsonTypes.boolean:
    case bsonTypes.regex:
      return compareSpans(left, right, { skipHead: 0, skipTail: 0 });
    case bsonTypes.dbPointer: {
      const length = left.end - left.start - (right.end - right.start);
      return length !== 0 ? length : compareSpans(left, right, { skipHead: 0, skipTail: 0 });
    }
    case bsonTypes.codeWithScope:
      return compareCodeWithScope(left, right);
    default:
      return 0;
  }
}

function signOf(difference: bigint): number {
  return difference < 0n ? -1 : Number(difference > 0n);
}

function compareSpans(
  left: RawValue,
  right: RawValue,
  skip: { readonly skipHead: number; readonly skipTail: number },
): number {
  return asBuffer(left.bytes).compare(
    right.bytes,
    right.start + skip.skipHead,
    right.end - skip.skipTail,
    left.start + skip.skipHead,
    left.end - skip.skipTail,
  );
}

function compareDocuments(left: RawValue, right: RawValue, named: boolean): number {
  const leftWalker = walkOf(left);
  const rightWalker = walkOf(right);
  for (;;) {
    const hasLeft = leftWalker.next();
    const hasRight = rightWalker.next();
    if (!hasLeft || !hasRight) return Number(hasLeft) - Number(hasRight);
    const order = compareElements(leftWalker, rightWalker, named);
    if (order !== 0) return order;
  }
}

/** By type, then by name if `named`, then by value. */
function compareElements(left: ElementWalk, right: ElementWalk, named: boolean): number {
  const types = typeOrderOf(left.type) - typeOrderOf(right.type);
  if (types !== 0) return types;
  const names = named ? compareNames(left, right) : 0;
  return names !== 0 ? names : compareWithinClass(left.value, right.value);
}

function compareNames(left: ElementWalk, right: ElementWalk): number {
  return asBuffer(left.bytes).compare(right.bytes, right.nameStart, right.nameEnd, left.nameStart, left.nameEnd);
}

function compareCodeWithScope(left: RawValue, right: RawValue): number {
  const leftScope = left.start + 8 + readInt32(left.bytes, left.start + 4);
  const rightScope = right.start + 8 + readInt32(right.bytes, right.start + 4);
  const code = asBuffer(left.bytes).compare(
    right.bytes,
    right.start + 8,
    rightScope - 1,
    left.start + 8,
    leftScope - 1,
  );
  if (code !== 0) return code;
  return compareDocuments(documentAt(left.bytes, leftScope), documentAt(right.bytes, rightScope), true);
}

function documentAt(bytes: Uint8Array, start: number): RawValue {
  const end = start + readInt32(bytes, start);
  return new RawValue(bsonTypes.object, bytes, { start, end });
}

function compareNumbers(left: RawValue, right: RawValue): number {
  if (left.type === bsonTypes.int32 && right.type === bsonTypes.int32) {
    return readInt32(left.bytes, left.start) - readInt32(right.bytes, right.start);
  }
  const one = exactNumber(left);
  const other = exactNumber(right);
  if (typeof one === 'number' || typeof other === 'number') return specialRank(one) - specialRank(other);
  const exponent = Math.min(one.exponent, other.exponent);
  return signOf(
    one.coefficient * 10n ** BigInt(one.exponent - exponent) -
      other.coefficient * 10n ** BigInt(other.exponent - exponent),
  );
}

/** A finite number as `coefficient × 10^exponent`; NaN and infinities stay doubles. */
type ExactNumber = number | { readonly coefficient: bigint; readonly exponent: number };

function specialRank(value: ExactNumber): number {
  if (typeof value !== 'number') return 0;
  return Number.isNaN(value) ? -2 : Math.sign(value);
}

function exactNumber(value: RawValue): ExactNumber {
  const { bytes, start } = value;
  if (value.type === bsonTypes.int32) return { coefficient: BigInt(readInt32(bytes, start)), exponent: 0 };
  if (value.type === bsonTypes.int64) return { coefficient: readInt64(bytes, start), exponent: 0 };
  if (value.type === bsonTypes.double) return exactDouble(readDouble(bytes, start));
  const decimal = decimalAt(value.bytes, value.start);
  if (decimal.kind !== 'finite') return specialOf(decimal);
  return { coefficient: decimal.negative ? -decimal.coefficient : decimal.coefficient, exponent: decimal.exponent };
}

function specialOf(decimal: Decimal): number {
  if (decimal.kind === 'nan') return Number.NaN;
  return decimal.negative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** Every finite double is an integer over a power of two, and `1 / 2^n` is `5^n / 10^n`. */
function exactDouble(value: number): ExactNumber {
  if (!Number.isFinite(value)) return value;
  if (Number.isInteger(value)) return { coefficient: BigInt(value), exponent: 0 };
  let scaled = value;
  let halvings = 0;
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    halvings += 1;
  }
  return { coefficient: BigInt(scaled) * 5n ** BigInt(halvings), exponent: -halvings };
}
