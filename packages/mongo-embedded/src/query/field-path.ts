import { bsonTypes } from '@emcachers/bson/bson-types';
import type { RawValue } from '@emcachers/bson/raw-value';
import { fieldOf, nameBytes, walkOf } from './raw-document.ts';

/** A parsed dotted path: the bytes of each name, and the array index that a numeric name may denote. */
export interface FieldPath {
  readonly text: string;
  readonly names: readonly Uint8Array[];
  /** -1 if the name is not an array index. */
  readonly positions: readonly number[];
}

export function fieldPath(text: string): FieldPath {
  const parts = text.split('.');
  return {
    text,
    names: parts.map(nameBytes),
    positions: parts.map((part) => (/^(?:0|[1-9]\d{0,8})$/.test(part) ? Number(part) : -1)),
  };
}

/** Index of the match in the outermost array on the path; -1 without an array. Used for `$` in updates. */
export interface MatchTrace {
  position: number;
}

/** A test of the values at a path. */
export interface PathProbe {
  /** `undefined` if nothing exists at the path. */
  readonly test: (value: RawValue | undefined, trace: MatchTrace) => boolean;
  /** Whether an array at the end of the path is tested item by item as well as as a whole. */
  readonly entersLastArray: boolean;
}

interface Search {
  readonly path: FieldPath;
  readonly probe: PathProbe;
  readonly trace: MatchTrace;
}

/**
 * Whether any value at the path passes the probe. Arrays on the path are traversed; an array without documents yields
 * no value, not even "missing". Source: `ElementPath` and `BSONElementIterator` in `src/mongo/db/matcher/path.cpp` of
 * mongodb/mongo.
 */
export function someAtPath(document: RawValue, search: Search): boolean {
  return inDocument(document, 0, search);
}

function inDocument(document: RawValue, depth: number, search: Search): boolean {
  const { names } = search.path;
  const field = fieldOf(document, names[depth] as Uint8Array);
  if (field === undefined) return search.probe.test(undefined, search.trace);
  if (depth === names.length - 1) return atEnd(field, search);
  return below(field, depth + 1, search);
}

function below(value: RawValue, depth: number, search: Search): boolean {
  if (value.type === bsonTypes.object) return inDocument(value, depth, search);
  if (value.type === bsonTypes.array) return inArray(value, depth, search);
  return search.probe.test(undefined, search.trace);
}

function atEnd(value: RawValue, { probe, trace }: Search): boolean {
  if (value.type !== bsonTypes.array || !probe.entersLastArray) return probe.test(value, trace);
  const walker = walkOf(value);
  for (let position = 0; walker.next(); position += 1) {
    if (probe.test(walker.value, trace)) {
      trace.position = position;
      return true;
    }
  }
  return probe.test(value, trace);
}

function inArray(array: RawValue, depth: number, search: Search): boolean {
  const wanted = search.path.positions[depth];
  const walker = walkOf(array);
  for (let position = 0; walker.next(); position += 1) {
    const isWanted = position === wanted;
    // Most items are neither a document nor at the position, and a value that nobody tests is not made.
    if (!isWanted && walker.type !== bsonTypes.object) continue;
    const item = walker.value;
    const isFound = isWanted ? inWanted(item, depth, search) : inDocument(item, depth, search);
    if (isFound) {
      search.trace.position = position;
      return true;
    }
  }
  return false;
}

/** An item that a numeric name of the path denotes: the name may also be one of its fields. */
function inWanted(item: RawValue, depth: number, search: Search): boolean {
  if (item.type === bsonTypes.object && inDocument(item, depth, search)) return true;
  if (depth === search.path.names.length - 1) return atEnd(item, search);
  if (item.type === bsonTypes.object) return inDocument(item, depth + 1, search);
  return item.type === bsonTypes.array && inArray(item, depth + 1, search);
}
