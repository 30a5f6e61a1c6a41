import { bsonTypes } from '@emcachers/bson/bson-types';
import type { RawValue } from '@emcachers/bson/raw-value';
import { equalBounds, type IdBounds, isComparison, isWithin, typedBounds } from './id-bounds.ts';
import { itemsOf } from './raw-document.ts';

/**
 * A condition that every match of a filter meets: some value at the path, arrays expanded and missing as null, lies within
 * the bounds.
 */
export interface FieldBounds {
  readonly path: string;
  readonly bounds: IdBounds;
}

/** Values that an index cannot find by their key: an array matches by its items and in whole, a pattern by its texts. */
const withoutKey: ReadonlySet<number> = new Set([
  bsonTypes.array,
  bsonTypes.regex,
  bsonTypes.undefined,
  bsonTypes.minKey,
  bsonTypes.maxKey,
]);

/** The bounds that an equality, `$in` or comparison sets; none for any other operator. */
export function fieldBounds(path: string, name: string, operand: RawValue): FieldBounds[] {
  if (name === '$in' && operand.type === bsonTypes.array) {
    const items = itemsOf(operand);
    return items.some(({ type }) => withoutKey.has(type)) ? [] : [{ path, bounds: equalBounds(items) }];
  }
  if (!isComparison(name) || withoutKey.has(operand.type)) return [];
  return [{ path, bounds: typedBounds(name, operand) }];
}

/** Whether the bounds admit the key. */
export function admits({ points, range }: IdBounds, key: Buffer): boolean {
  return points === null ? isWithin(range, key) : points.some((point) => point.equals(key));
}

/** Whether everything within `inner` is within `outer`. */
export function isSubset(inner: IdBounds, outer: IdBounds): boolean {
  if (inner.points !== null) return inner.points.every((point) => admits(outer, point));
  if (outer.points !== null) return false;
  return isLowerWithin(inner, outer) && isUpperWithin(inner, outer);
}

function isLowerWithin({ range: inner }: IdBounds, { range: outer }: IdBounds): boolean {
  if (outer.lower === null) return true;
  if (inner.lower === null) return false;
  const order = Buffer.compare(inner.lower, outer.lower);
  return order > 0 || (order === 0 && (outer.isLowerInclusive || !inner.isLowerInclusive));
}

function isUpperWithin({ range: inner }: IdBounds, { range: outer }: IdBounds): boolean {
  if (outer.upper === null) return true;
  if (inner.upper === null) return false;
  const order = Buffer.compare(inner.upper, outer.upper);
  return order < 0 || (order === 0 && (outer.isUpperInclusive || !inner.isUpperInclusive));
}
