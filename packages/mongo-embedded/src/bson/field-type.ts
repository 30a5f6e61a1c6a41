import { bsonTypes } from '@emcachers/bson/bson-types';
import type { RawElement } from './raw-element.ts';
import { wrongType } from './typed-element.ts';

/**
 * The type of a command's field, as MongoDB's parsers name and check it: `bool` takes booleans alone, `flag` also
 * numbers, and `strictFlag` takes booleans and no null. Source: `src/mongo/db/basic_types.idl` of mongodb/mongo.
 */
export type FieldType = keyof typeof accepted;

const number: readonly number[] = [bsonTypes.int32, bsonTypes.int64, bsonTypes.double, bsonTypes.decimal128];

const accepted = {
  any: null,
  string: [bsonTypes.string],
  object: [bsonTypes.object],
  array: [bsonTypes.array],
  bool: [bsonTypes.boolean],
  strictFlag: [bsonTypes.boolean],
  flag: [bsonTypes.boolean, ...number],
  number,
  int: [bsonTypes.int32],
  long: [bsonTypes.int64],
  uuid: [bsonTypes.binary],
  hint: [bsonTypes.string, bsonTypes.object],
  update: [bsonTypes.object, bsonTypes.array],
  quorum: [bsonTypes.string, ...number],
  dropped: [bsonTypes.string, bsonTypes.object, bsonTypes.array],
  dropTarget: [bsonTypes.boolean, bsonTypes.binary, ...number],
} as const satisfies Readonly<Record<string, readonly number[] | null>>;

/** Names of types in messages where they differ from the rule's own. */
const shownNames: Partial<Readonly<Record<FieldType, string>>> = {
  flag: 'bool',
  strictFlag: 'bool',
  number: 'long',
  uuid: 'binData',
  hint: "string', 'object",
  update: "object', 'array",
  quorum: "string', 'int",
  dropped: "string', 'object', 'array",
  dropTarget: "bool', 'binData",
};

/** Throws TypeMismatch 14 unless the element has the type. Null and undefined count as absent, except for `strictFlag`. */
export function checkFieldType(element: RawElement, type: FieldType, path: string): void {
  const types: readonly number[] | null = accepted[type];
  const isAbsent = element.type === bsonTypes.null || element.type === bsonTypes.undefined;
  if (types === null || types.includes(element.type) || (isAbsent && type !== 'strictFlag')) return;
  throw wrongType(element, path, shownNames[type] ?? type);
}
