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

/** How far one path of the index has been followed. */
type Part =
  | { readonly kind: 'open'; readonly path: IndexPath; readonly depth: number }
  /** Stopped at an array, `depth` names into the path. */
  | { readonly kind: 'array'; readonly path: IndexPath; readonly depth: number; readonly array: RawValue }
  | { readonly kind: 'found'; readonly path: IndexPath; readonly value: RawValue }
  | { readonly kind: 'missing'; readonly path: IndexPath };

/**
 * The keys of a document in an index: one, or one per item of the array that its paths share. A missing path counts as
 * null; a sparse index has no key without any of its paths. Throws CannotIndexParallelArrays 171 when two paths lead
 * through different arrays. Source: `BtreeKeyGenerator::_getKeysWithArray` in mongodb/mongo.
 */
export function indexKeys(document: Uint8Array, paths: readonly IndexPath[], isSparse = false): Buffer[] {
  const found = new Map<string, Buffer>();
  const open = paths.map((path): Part => ({ kind: 'open', path, depth: 0 }));
  for (const parts of expand(documentValue(document), open)) {
    if (isSparse && parts.every(({ kind }) => kind === 'missing')) continue;
    const key = keyOf(parts);
    found.set(key.toString('latin1'), key);
  }
  return [...found.values()];
}

function keyOf(parts: readonly Part[]): Buffer {
  const keys = parts.map((part) => orderKey(part.kind === 'found' ? part.value : nullValue));
  const [only] = keys;
  return only !== undefined && keys.length === 1 ? only : Buffer.concat(keys);
}

/** Completes the parts from `object`, which is undefined for an item of an array that is not a document. */
function* expand(object: RawValue | undefined, parts: readonly Part[]): Iterable<readonly Part[]> {
  const followed = parts.map((part) => (part.kind === 'open' ? follow(object, part) : part));
  const stopped = followed.filter((part) => part.kind === 'array');
  const [first] = stopped;
  if (first === undefined) {
    yield followed;
    return;
  }
  const other = stopped.find(({ array }) => array.start !== first.array.start);
  if (other !== undefined)
    throw new MongoFailure(171, `cannot index parallel arrays [${other.path.path}] [${first.path.path}]`);
  const items = itemsOf(first.array);
  for (const item of items.length === 0 ? [undefinedValue] : items) {
    const within = followed.map((part) => enter(part, item));
    yield* expand(item.type === bsonTypes.object ? item : undefined, within);
  }
}

/** The part within one item of the array at which it stopped. */
function enter(part: Part, item: RawValue): Part {
  if (part.kind !== 'array') return part;
  if (!isEnd(part)) return { kind: 'open', path: part.path, depth: part.depth };
  return { kind: 'found', path: part.path, value: item };
}

function isEnd({ path, depth }: { readonly path: IndexPath; readonly depth: number }): boolean {
  return depth === path.names.length;
}

/** Follows one path to its end, or to the first array on it. */
function follow(object: RawValue | undefined, { path, depth }: Part & { readonly kind: 'open' }): Part {
  let value = object;
  let at = depth;
  for (; at < path.names.length; at += 1) {
    const name = path.names[at];
    if (name === undefined || value === undefined) return { kind: 'missing', path };
    const next = childOf(value, name);
    if (next === undefined && value.type === bsonTypes.array) return { kind: 'array', path, depth: at, array: value };
    value = next;
  }
  return endOf(path, value);
}

/** The part at the end of its path. */
function endOf(path: IndexPath, value: RawValue | undefined): Part {
  if (value === undefined) return { kind: 'missing', path };
  return value.type === bsonTypes.array
    ? { kind: 'array', path, depth: path.names.length, array: value }
    : { kind: 'found', path, value };
}

function childOf(value: RawValue, name: Uint8Array): RawValue | undefined {
  if (value.type === bsonTypes.array) return itemAt(value, name);
  return value.type === bsonTypes.object ? fieldOf(value, name) : undefined;
}

/** The item that a path names by its position. */
function itemAt(array: RawValue, name: Uint8Array): RawValue | undefined {
  const position = textBetween(name, 0, name.length);
  return /^\d+$/.test(position) ? itemsOf(array)[Number(position)] : undefined;
}
