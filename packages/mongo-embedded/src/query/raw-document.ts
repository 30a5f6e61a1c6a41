import { Buffer } from 'node:buffer';
import { bsonTypes } from '@emcachers/bson/bson-types';
import { ElementWalk } from '@emcachers/bson/element-walk';
import type { RawValue } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../error/mongo-failure.ts';

/** A walk over a document or an array; any other value is a specification of the wrong type (14). */
export function walkOf(value: RawValue): ElementWalk {
  if (value.type !== bsonTypes.object && value.type !== bsonTypes.array) {
    throw new MongoFailure('TypeMismatch', 'Expected a document or an array, found a value of another type');
  }
  return new ElementWalk(value.bytes, value.start);
}

/** A field name in its encoded form. */
export function nameBytes(name: string): Uint8Array {
  return Buffer.from(name, 'utf8');
}

/** The first element of that name; BSON allows a name twice and MongoDB reads the first. */
export function fieldOf(document: RawValue, name: Uint8Array): RawValue | undefined {
  const walker = walkOf(document);
  while (walker.next()) if (walker.nameIs(name)) return walker.value;
  return undefined;
}

const idName = nameBytes('_id');

/** The `_id` of a whole document. */
export function idOf(document: Uint8Array): RawValue | undefined {
  const walker = new ElementWalk(document);
  while (walker.next()) if (walker.nameIs(idName)) return walker.value;
  return undefined;
}

/** Every element of a document by name, in order; for the few places that need them all (specifications, not data). */
export function entriesOf(document: RawValue): [name: string, value: RawValue][] {
  const entries: [string, RawValue][] = [];
  const walker = walkOf(document);
  while (walker.next()) entries.push([walker.name, walker.value]);
  return entries;
}

/** The elements of an array in order. */
export function itemsOf(array: RawValue): RawValue[] {
  const items: RawValue[] = [];
  const walker = walkOf(array);
  while (walker.next()) items.push(walker.value);
  return items;
}

/** The value at a dotted path through documents only: arrays are not entered. */
export function valueAtPath(document: RawValue, path: readonly Uint8Array[]): RawValue | undefined {
  let current: RawValue | undefined = document;
  for (const name of path) {
    if (current?.type !== bsonTypes.object) return undefined;
    current = fieldOf(current, name);
  }
  return current;
}

/** Splits a dotted path into the bytes of its names. */
export function pathBytes(path: string): Uint8Array[] {
  return path.split('.').map(nameBytes);
}
