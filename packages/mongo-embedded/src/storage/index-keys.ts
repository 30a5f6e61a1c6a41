import { Buffer } from 'node:buffer';
import { bsonTypes } from '@emcachers/bson/bson-types';
import { documentValue, nullValue, type RawValue, rawValue } from '@emcachers/bson/raw-value';
import { textBetween } from '@emcachers/bson/read-bytes';
import { MongoFailure } from '../error/mongo-failure.ts';
import { orderKey } from '../query/order-key.ts';
import { fieldOf, itemsOf, pathBytes } from '../query/raw-document.ts';

/** One field of an index's key pattern. */
export interface IndexPath {
  readonly path: string;
  readonly names: readonly Uint8Array[];
}

/** The index key of an empty array. */
const undefinedValue = rawValue(bsonTypes.undefined, new Uint8Array(0));

export function indexPath(path: string): IndexPath {
  return { path, names: pathBytes(path) };
}

/** Whether the path does not exist in the document. */
export function isMissing(document: Uint8Array, { names }: IndexPath): boolean {
  const found: RawValue[] = [];
  collect(documentValue(document), names, found);
  return found.length === 0;
}

/**
 * The keys of a document in an index: one, or one per array item. A missing path counts as null. Throws
 * CannotIndexParallelArrays 171 when two of the paths hold arrays, as mongod does.
 */
export function indexKeys(document: Uint8Array, paths: readonly IndexPath[]): Buffer[] {
  let keys: Buffer[] = [Buffer.alloc(0)];
  let arrayPath: string | null = null;
  for (const { path, names } of paths) {
    const found: RawValue[] = [];
    const holdsArray = collect(documentValue(document), names, found);
    if (holdsArray && arrayPath !== null) {
      throw new MongoFailure(171, `cannot index parallel arrays [${path}] [${arrayPath}]`);
    }
    if (holdsArray) arrayPath = path;
    const parts = distinct((found.length === 0 ? [nullValue] : found).map((value) => Buffer.from(orderKey(value))));
    keys = keys.flatMap((key) => parts.map((part) => Buffer.concat([key, part])));
  }
  return keys;
}

function distinct(keys: readonly Buffer[]): Buffer[] {
  return [...new Map(keys.map((key) => [key.toString('latin1'), key])).values()];
}

/** Collects the values at the path, arrays expanded. Returns whether there was an array. */
function collect(value: RawValue, names: readonly Uint8Array[], found: RawValue[]): boolean {
  if (value.type === bsonTypes.array) return collectFromArray(value, names, found);
  const [name, ...rest] = names;
  if (name === undefined) {
    found.push(value);
    return false;
  }
  const field = value.type === bsonTypes.object ? fieldOf(value, name) : undefined;
  return field === undefined ? false : collect(field, rest, found);
}

function collectFromArray(array: RawValue, names: readonly Uint8Array[], found: RawValue[]): boolean {
  const items = itemsOf(array);
  const [name, ...rest] = names;
  if (name === undefined) {
    found.push(...(items.length === 0 ? [undefinedValue] : items));
    return true;
  }
  const position = textBetween(name, 0, name.length);
  const indexed = /^\d+$/.test(position) ? items[Number(position)] : undefined;
  if (indexed !== undefined) return collect(indexed, rest, found);
  for (const item of items) if (item.type === bsonTypes.object) collect(item, names, found);
  return true;
}
