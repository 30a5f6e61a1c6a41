import { bsonTypes } from '@emcachers/bson/bson-types';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { ClusterTime } from '../history/history-entry.ts';
import { numberOf, typeName } from './element-value.ts';
import type { RawElement } from './raw-element.ts';

/**
 * Reads one field of a command with MongoDB's type errors. `path` names the field in the message, as in `create.viewOn`.
 * All of them throw TypeMismatch 14 for a value of another type.
 */
export function stringIn(element: RawElement, path: string): string {
  if (element.type !== bsonTypes.string) throw wrongType(element, path, 'string');
  return element.bytes.toString('utf8', 4, element.bytes.length - 1);
}

export function objectIn(element: RawElement, path: string): Buffer {
  if (element.type !== bsonTypes.object) throw wrongType(element, path, 'object');
  return element.bytes;
}

export function arrayIn(element: RawElement, path: string): Buffer {
  if (element.type !== bsonTypes.array) throw wrongType(element, path, 'array');
  return element.bytes;
}

/** A boolean or any number. */
export function flagIn(element: RawElement, path: string): boolean {
  if (element.type === bsonTypes.boolean) return element.bytes[0] === 1;
  const number = numberOf(element);
  if (number === undefined) throw wrongType(element, path, 'bool');
  return number !== 0;
}

/** A boolean; numbers are rejected. */
export function booleanIn(element: RawElement, path: string): boolean {
  if (element.type !== bsonTypes.boolean) throw wrongType(element, path, 'bool');
  return element.bytes[0] === 1;
}

/** Any number, including NaN and infinities. */
export function numberIn(element: RawElement, path: string): number {
  const number = numberOf(element);
  if (number === undefined) throw wrongType(element, path, 'long');
  return number;
}

export function timestampIn(element: RawElement, path: string): ClusterTime {
  if (element.type !== bsonTypes.timestamp) throw wrongType(element, path, 'timestamp');
  return { increment: element.bytes.readUInt32LE(0), seconds: element.bytes.readUInt32LE(4) };
}

/** The sixteen bytes of a UUID: binary of subtype 4. */
export function uuidIn(element: RawElement, path: string): Buffer {
  if (element.type !== bsonTypes.binary) throw wrongType(element, path, 'binData');
  if (element.bytes[4] !== 4 || element.bytes.length !== 21)
    throw new MongoFailure('InvalidUUID', `BSON field '${path}' must be a UUID`);
  return element.bytes.subarray(5);
}

export function wrongType(element: RawElement, path: string, wanted: string): MongoFailure {
  const message = `BSON field '${path}' is the wrong type '${typeName(element.type)}', expected type '${wanted}'`;
  return new MongoFailure('TypeMismatch', message);
}
