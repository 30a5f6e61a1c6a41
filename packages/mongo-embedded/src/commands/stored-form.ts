import { bsonTypes } from '@emcachers/bson/bson-types';
import { ElementWalk } from '@emcachers/bson/element-walk';
import type { RawValue } from '@emcachers/bson/raw-value';
import { asBuffer } from '@emcachers/bson/read-bytes';
import { ObjectId } from 'bson';
import { BsonWriter } from '../bson/bson-writer.ts';
import { typeName } from '../bson/element-value.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { ClusterTime } from '../history/history-entry.ts';
import { orderKey } from '../query/order-key.ts';
import { idOf, walkOf } from '../query/raw-document.ts';
import { documentBytesMax } from '../server-state.ts';

/** A document as it will be stored, with the key of its `_id`. */
export interface StoredForm {
  readonly key: Uint8Array;
  readonly bytes: Uint8Array;
}

/** Throws BSONObjectTooLarge 10334 as an insert or update does. */
export function checkDocumentSize(bytes: Uint8Array): void {
  if (bytes.length <= documentBytesMax) return;
  const message = `object to insert too large. size in bytes: ${bytes.length}, max size: ${documentBytesMax}`;
  throw new MongoFailure('BSONObjectTooLarge', message);
}

/** Rejects types that are not allowed for `_id`, with InvalidIdField 53. */
export function checkId(id: RawValue): void {
  const isRefused = id.type === bsonTypes.array || id.type === bsonTypes.regex || id.type === bsonTypes.undefined;
  if (isRefused) throw new MongoFailure('InvalidIdField', `The '_id' value cannot be of type ${typeName(id.type)}`);
  if (id.type !== bsonTypes.object) return;
  const walker = walkOf(id);
  while (walker.next()) {
    if (!walker.name.startsWith('$')) continue;
    const message = `_id fields may not contain '$'-prefixed fields: ${walker.name} is not valid for storage.`;
    throw new MongoFailure('DollarPrefixedFieldName', message);
  }
}

/**
 * The stored form of an inserted document: the same bytes, with `_id` added or moved to the front, and top-level zero
 * timestamps replaced by `now()`.
 */
export function storedForm(document: Uint8Array, now: () => ClusterTime): StoredForm {
  checkDocumentSize(document);
  const walker = new ElementWalk(document);
  const startsWithId = walker.next() && walker.name === '_id';
  const id = startsWithId ? walker.value : idOf(document);
  const needsRewriting = !startsWithId || hasZeroTimestamp(document);
  const bytes = needsRewriting ? rewrite(document, id, now) : document;
  const storedId = startsWithId ? id : idOf(bytes);
  if (storedId === undefined) throw new MongoFailure('InternalError', 'A document was stored without _id');
  checkId(storedId);
  checkDocumentSize(bytes);
  return { key: orderKey(storedId), bytes };
}

function hasZeroTimestamp(document: Uint8Array): boolean {
  const walker = new ElementWalk(document);
  while (walker.next()) if (isZeroTimestamp(walker)) return true;
  return false;
}

function isZeroTimestamp({ type, bytes, start, end, name }: ElementWalk): boolean {
  if (type !== bsonTypes.timestamp || name === '_id') return false;
  for (let at = start; at < end; at += 1) if (bytes[at] !== 0) return false;
  return true;
}

function rewrite(document: Uint8Array, id: RawValue | undefined, now: () => ClusterTime): Uint8Array {
  const writer = new BsonWriter(document.length + 32);
  appendId(writer, id);
  const walker = new ElementWalk(document);
  let hasSeenId = false;
  while (walker.next()) {
    if (walker.name === '_id' && !hasSeenId) hasSeenId = true;
    else if (isZeroTimestamp(walker)) writer.timestamp(walker.name, now());
    else writer.splice(walker.element);
  }
  return asBuffer(writer.finish());
}

/** The given `_id`, or a new one. */
function appendId(writer: BsonWriter, id: RawValue | undefined): void {
  if (id === undefined) writer.value('_id', bsonTypes.objectId, new ObjectId().id);
  else writer.value('_id', id.type, id.span());
}
