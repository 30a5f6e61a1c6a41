import type { Buffer } from 'node:buffer';
import { bsonTypes } from '@emcachers/bson/bson-types';
import { documentValue, nullValue, type RawValue, rawValue } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../error/mongo-failure.ts';
import { compareValues } from './compare.ts';
import { type FieldPath, fieldPath } from './field-path.ts';
import { numericOf, toInteger } from './numeric.ts';
import { compoundOrderKey } from './order-key.ts';
import { entriesOf, fieldOf, walkOf } from './raw-document.ts';

/** A sort specification, ready to order raw documents. */
export interface CompiledSort {
  /** The paths in order of significance. */
  readonly parts: readonly { readonly path: string; readonly isDescending: boolean }[];
  /** 1 or -1 if the sort starts with `_id`, so that a scan in key order yields it; else null. */
  readonly idDirection: 1 | -1 | null;
  /** A key whose bytes sort like the documents; equal if the documents compare equal. */
  keyOf(document: Uint8Array): Buffer;
  compare(left: Uint8Array, right: Uint8Array): number;
  compareValues(left: RawValue, right: RawValue): number;
}

/** How an empty array sorts. */
const undefinedValue = rawValue(bsonTypes.undefined, new Uint8Array(0));

interface Part {
  readonly path: FieldPath;
  readonly isDescending: boolean;
}

/**
 * Compiles `{ a: 1, b: -1 }`. A missing path sorts as null, an array by its smallest item ascending and by its largest
 * descending. Source: the manual's page "cursor.sort()".
 */
export function compileSort(spec: Uint8Array): CompiledSort {
  const parts = entriesOf(documentValue(spec)).map(([path, value]) => ({
    path: fieldPath(path),
    isDescending: directionOf(path, value) === -1,
  }));
  const [first] = parts;
  const compare = (left: RawValue, right: RawValue): number => compareBy(parts, left, right);
  return {
    parts: parts.map(({ path, isDescending }) => ({ path: path.text, isDescending })),
    idDirection: first?.path.text === '_id' ? (first.isDescending ? -1 : 1) : null,
    keyOf: (document) => sortKey(documentValue(document), parts),
    compare: (left, right) => compare(documentValue(left), documentValue(right)),
    compareValues: compare,
  };
}

function compareBy(parts: readonly Part[], left: RawValue, right: RawValue): number {
  for (const part of parts) {
    const order = compareValues(sortValue(left, part), sortValue(right, part));
    if (order !== 0) return part.isDescending ? -order : order;
  }
  return 0;
}

/** Orders plain values, as `$push` with `$sort: 1` does. */
export function compileValueSort(direction: 1 | -1): (left: RawValue, right: RawValue) => number {
  return (left, right) => compareValues(left, right) * direction;
}

function directionOf(path: string, value: RawValue): 1 | -1 {
  if (path === '') throw new MongoFailure(15998, 'FieldPath field names may not be empty strings.');
  if (path.startsWith('$'))
    throw new MongoFailure(
      16410,
      `FieldPath field names may not start with '$'. Consider using $getField or $setField.`,
    );
  if (value.type === bsonTypes.object)
    throw new MongoFailure('CommandNotSupported', 'sorting by $meta is not supported by this server');
  const number = numericOf(value);
  if (number === undefined) throw new MongoFailure(15974, `Illegal key in $sort specification: ${path}`);
  const direction = toInteger(number);
  if (direction !== 1n && direction !== -1n)
    throw new MongoFailure(15975, '$sort key ordering must be 1 (for ascending) or -1 (for descending)');
  return direction === 1n ? 1 : -1;
}

function sortKey(document: RawValue, parts: readonly Part[]): Buffer {
  return compoundOrderKey(
    parts.map((part) => sortValue(document, part)),
    parts.map((part) => part.isDescending),
  );
}

function sortValue(document: RawValue, { path, isDescending }: Part): RawValue {
  const found: RawValue[] = [];
  gather(document, path, { depth: 0, found });
  let best: RawValue | undefined;
  for (const value of found) {
    if (best === undefined || compareValues(value, best) * (isDescending ? -1 : 1) < 0) best = value;
  }
  return best ?? nullValue;
}

interface Gathering {
  readonly depth: number;
  readonly found: RawValue[];
}

function gather(value: RawValue, path: FieldPath, { depth, found }: Gathering): void {
  const name = path.names[depth];
  if (value.type === bsonTypes.array && depth > 0) {
    gatherItems(value, path, { depth, found });
    return;
  }
  if (name === undefined) {
    found.push(value);
    return;
  }
  const field = value.type === bsonTypes.object ? fieldOf(value, name) : undefined;
  if (field === undefined) found.push(nullValue);
  else gather(field, path, { depth: depth + 1, found });
}

function gatherItems(array: RawValue, path: FieldPath, { depth, found }: Gathering): void {
  if (depth === path.names.length) {
    gatherLast(array, found);
    return;
  }
  const wanted = path.positions[depth];
  const walker = walkOf(array);
  let count = 0;
  for (; walker.next(); count += 1) {
    const item = walker.value;
    if (count === wanted) gather(item, path, { depth: depth + 1, found });
    else if (item.type === bsonTypes.object) gather(item, path, { depth, found });
  }
  if (count === 0) found.push(nullValue);
}

/** The items of an array at the end of the path. */
function gatherLast(array: RawValue, found: RawValue[]): void {
  const walker = walkOf(array);
  const before = found.length;
  while (walker.next()) found.push(walker.value);
  if (found.length === before) found.push(undefinedValue);
}
