import { Buffer } from 'node:buffer';
import { bsonTypes } from '@emcachers/bson/bson-types';
import { nullValue, type RawValue, rawValue } from '@emcachers/bson/raw-value';
import { typeOrderOf } from './compare.ts';
import { isNaNValue, isNumberType } from './numeric.ts';
import { orderKey } from './order-key.ts';

/** A range of order keys; null is an open end. */
export interface KeyBounds {
  readonly lower: Uint8Array | null;
  readonly isLowerInclusive: boolean;
  readonly upper: Uint8Array | null;
  readonly isUpperInclusive: boolean;
}

/**
 * Bounds on the `_id` of every match of a filter: a few points or one range. `isExact` means that the bounds cover
 * the whole filter: every document inside them matches.
 */
export interface IdBounds {
  /** Sorted, without repetition; null when the bounds are a range. */
  readonly points: readonly Buffer[] | null;
  readonly range: KeyBounds;
  readonly isExact: boolean;
}

const comparisonNames: readonly string[] = ['$eq', '$gt', '$gte', '$lt', '$lte'];

export type ComparisonName = '$eq' | '$gt' | '$gte' | '$lt' | '$lte';

export function isComparison(name: string): name is ComparisonName {
  return comparisonNames.includes(name);
}

export const everyKey: KeyBounds = { lower: null, isLowerInclusive: true, upper: null, isUpperInclusive: true };
const noKey: IdBounds = { points: [], range: everyKey, isExact: true };

export function pointBounds(keys: readonly Buffer[]): IdBounds {
  const sorted = [...keys].sort((left, right) => Buffer.compare(left, right));
  const points = sorted.filter((key, index) => index === 0 || sorted[index - 1]?.equals(key) !== true);
  return { points, range: everyKey, isExact: true };
}

/** `_id` equal to any of the values; null also finds the deprecated undefined, as a filter does. */
export function equalBounds(values: readonly RawValue[]): IdBounds {
  const withUndefined = values.flatMap((value) =>
    value.type === bsonTypes.null ? [nullValue, rawValue(bsonTypes.undefined, new Uint8Array(0))] : [value],
  );
  return pointBounds(withUndefined.map(orderKey));
}

/** A comparison across all types, as `$expr` makes it. */
export function crossTypeBounds(name: ComparisonName, value: RawValue): IdBounds {
  const key = orderKey(value);
  if (name === '$eq') return pointBounds([key]);
  return { points: null, range: half(name, key), isExact: true };
}

function half(name: Exclude<ComparisonName, '$eq'>, key: Buffer): KeyBounds {
  if (name === '$gt' || name === '$gte') return { ...everyKey, lower: key, isLowerInclusive: name === '$gte' };
  return { ...everyKey, upper: key, isUpperInclusive: name === '$lte' };
}

/** A comparison within the value's type class, as made by `$gt` and similar operators of a filter. */
export function typedBounds(name: ComparisonName, value: RawValue): IdBounds {
  if (name === '$eq') return equalBounds([value]);
  if (value.type === bsonTypes.minKey || value.type === bsonTypes.maxKey) return crossTypeBounds(name, value);
  if (value.type === bsonTypes.null || isNaNValue(value)) {
    const isStrict = name === '$gt' || name === '$lt';
    return isStrict ? noKey : equalBounds([value]);
  }
  return intersect(
    { points: null, range: classRange(value), isExact: true },
    { points: null, range: half(name, orderKey(value)), isExact: true },
  );
}

/** The keys of all values in the value's type class, without NaN. */
function classRange(value: RawValue): KeyBounds {
  const order = typeOrderOf(value.type);
  const lower = isNumberType(value.type) ? Buffer.of(order, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1) : Buffer.of(order);
  return { lower, isLowerInclusive: true, upper: Buffer.of(order + 1), isUpperInclusive: false };
}

/** The intersection of both bounds. */
export function intersect(left: IdBounds, right: IdBounds): IdBounds {
  const isExact = left.isExact && right.isExact;
  if (left.points !== null)
    return { points: left.points.filter((key) => allows(right, key)), range: everyKey, isExact };
  if (right.points !== null) return intersect(right, left);
  return { points: null, range: intersectRanges(left.range, right.range), isExact };
}

function allows(bounds: IdBounds, key: Buffer): boolean {
  if (bounds.points !== null) return bounds.points.some((point) => point.equals(key));
  return isWithin(bounds.range, key);
}

/** Whether a key lies in the range. */
export function isWithin(range: KeyBounds, key: Uint8Array): boolean {
  const { lower, upper } = range;
  if (lower !== null) {
    const order = Buffer.compare(key, lower);
    if (order < 0 || (order === 0 && !range.isLowerInclusive)) return false;
  }
  if (upper === null) return true;
  const order = Buffer.compare(key, upper);
  return order < 0 || (order === 0 && range.isUpperInclusive);
}

function intersectRanges(left: KeyBounds, right: KeyBounds): KeyBounds {
  const lower = tighter(
    { key: left.lower, isInclusive: left.isLowerInclusive },
    { key: right.lower, isInclusive: right.isLowerInclusive },
    1,
  );
  const upper = tighter(
    { key: left.upper, isInclusive: left.isUpperInclusive },
    { key: right.upper, isInclusive: right.isUpperInclusive },
    -1,
  );
  return {
    lower: lower.key,
    isLowerInclusive: lower.isInclusive,
    upper: upper.key,
    isUpperInclusive: upper.isInclusive,
  };
}

interface End {
  readonly key: Uint8Array | null;
  readonly isInclusive: boolean;
}

function tighter(left: End, right: End, direction: 1 | -1): End {
  if (left.key === null) return right;
  if (right.key === null) return left;
  const order = Buffer.compare(left.key, right.key) * direction;
  if (order === 0) return left.isInclusive ? right : left;
  return order > 0 ? left : right;
}
