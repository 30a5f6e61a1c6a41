/**
 * Encodes an `_id` value as the BSON document `{ _id: value }`, from which the engine's function computes the DocID. It accepts
 * the objects of any version of the `bson` package, so that this package does not depend on one.
 */
import { bsonTypes } from '@emcachers/bson/bson-types';
import {
  binaryBytes,
  documentBytes,
  doubleBytes,
  type Encoded,
  int32Bytes,
  int64Bytes,
  regexBytes,
  textBytes,
} from './bson-bytes.ts';
import { bsonObject, unsupported } from './bson-object.ts';

const nothing = new Uint8Array();

/** Throws a TypeError if MongoDB's driver could not store the value. */
export function idDocument(id: unknown): Uint8Array {
  if (id === undefined) throw new TypeError('The _id is undefined.');
  return documentBytes([['_id', id]], encodeValue);
}

function encodeValue(value: unknown): Encoded {
  switch (typeof value) {
    case 'string':
      return { type: bsonTypes.string, bytes: textBytes(value) };
    case 'number':
      return encodeNumber(value);
    case 'bigint':
      return { type: bsonTypes.int64, bytes: int64Bytes(value) };
    case 'boolean':
      return { type: bsonTypes.boolean, bytes: Uint8Array.of(Number(value)) };
    case 'undefined':
      // The driver stores an undefined field as null.
      return { type: bsonTypes.null, bytes: nothing };
    case 'object':
      return value === null ? { type: bsonTypes.null, bytes: nothing } : encodeObject(value);
    case 'function':
    case 'symbol':
      throw unsupported(typeof value);
  }
}

/** The driver writes whole numbers of 32 bits as int32. A DocID does not depend on the width. */
function encodeNumber(value: number): Encoded {
  const isInt32 = Object.is(value | 0, value);
  if (isInt32) return { type: bsonTypes.int32, bytes: int32Bytes(value) };
  return { type: bsonTypes.double, bytes: doubleBytes(value) };
}

function encodeObject(value: object): Encoded {
  if ('_bsontype' in value) return bsonObject(value, encodeValue);
  if (value instanceof Date) return { type: bsonTypes.date, bytes: int64Bytes(BigInt(value.getTime())) };
  if (value instanceof Uint8Array) return { type: bsonTypes.binary, bytes: binaryBytes(0, value) };
  if (value instanceof RegExp) return { type: bsonTypes.regex, bytes: regexBytes(value.source, optionsOf(value)) };
  const type = Array.isArray(value) ? bsonTypes.array : bsonTypes.object;
  return { type, bytes: documentBytes(fieldsOf(value), encodeValue) };
}

function fieldsOf(value: object): [string, unknown][] {
  if (Array.isArray(value)) return Array.from(value, (each, index) => [String(index), each]);
  if (value instanceof Map) return [...value].map(([name, each]) => [String(name), each]);
  return Object.entries(value);
}

/** As the driver writes them. */
function optionsOf({ ignoreCase, global, multiline }: RegExp): string {
  return `${ignoreCase ? 'i' : ''}${global ? 's' : ''}${multiline ? 'm' : ''}`;
}
