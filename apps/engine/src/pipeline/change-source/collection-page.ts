/**
 * One page of a whole collection, in `_id` order over all BSON types.
 *
 * - The condition is an `$expr`: `{ _id: { $gt: key } }` compares within the key's type only and ends the scan at the last
 *   number, say, with all strings unread. It uses the `_id` index since MongoDB 5.0.
 * - Sort and collation are said each time: only an explicit sort promises an order, and a collection with a collation of its
 *   own would order strings otherwise than the comparison does.
 * - A page is one reply and leaves no cursor: nothing can time out between pages.
 */
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { MongoClient } from 'mongodb';
import type { CollectionPage, LastKey, Namespace } from './change-source-types.ts';
import { parseCursorReply } from './cursor-reply.ts';
import { ElementWalk, MalformedFrameError } from './element-walk.ts';
import { exactDocument } from './exact-bson.ts';
import { runRaw, toTimestamp } from './mongo-commands.ts';

export interface CollectionPageRequest {
  readonly namespace: Namespace;
  readonly after: LastKey;
  readonly limit: number;
  readonly notBefore: bigint;
}

/** A reply holds 16 MB at most; one well below that was not cut short by its size. */
const bytesCutMin = 8 * 1024 * 1024;

export async function readCollectionPage(client: MongoClient, request: CollectionPageRequest): Promise<CollectionPage> {
  const { namespace, after, limit, notBefore } = request;
  const reply = await runRaw(
    { client, database: namespace.database },
    {
      find: namespace.collection,
      filter: after.kind === 'none' ? {} : { $expr: { $gt: ['$_id', { $literal: exactKey(after.document) }] } },
      sort: { _id: 1 },
      collation: { locale: 'simple' },
      limit,
      batchSize: limit,
      singleBatch: true,
      readConcern: { level: 'majority', afterClusterTime: toTimestamp(notBefore) },
    },
  );
  return toPage(parseCursorReply(reply).documents, limit);
}

function exactKey(document: Uint8Array): unknown {
  const key = exactDocument(document);
  if (key === null) throw new MalformedFrameError('a saved key that cannot be given back');
  return key.get('_id');
}

/**
 * Ends the page at the last document whose key can be given back to the server exactly; what comes after it is read again
 * with the next page. Keys that cannot (text that is not UTF-8) are few, and passed over only at the end of the collection.
 */
export function toPage(documents: readonly Buffer[], limit: number): CollectionPage {
  if (documents.length === 0) return { documents, lastKey: null, exhausted: true };
  for (let count = documents.length; count > 0; count--) {
    const last = documents[count - 1];
    const lastKey = last === undefined ? null : keyDocument(last);
    if (lastKey === null || exactDocument(lastKey) === null) continue;
    return { documents: documents.slice(0, count), lastKey, exhausted: false };
  }
  const bytes = documents.reduce((sum, document) => sum + document.length, 0);
  if (documents.length < limit && bytes < bytesCutMin) return { documents, lastKey: null, exhausted: true };
  throw new EmcachersError({
    code: 'EMC-2007',
    detail: `${documents.length} documents in a row have an _id that cannot be given back to MongoDB exactly.`,
  });
}

/** Raw `{ _id }` of a document, with the value's bytes as they are; null for a document without one. */
export function keyDocument(document: Buffer): Buffer | null {
  const walk = new ElementWalk(document);
  while (walk.next()) {
    if (walk.name !== '_id') continue;
    const element = document.subarray(walk.elementStart, walk.end);
    const key = Buffer.alloc(element.length + 5);
    key.writeInt32LE(key.length, 0);
    element.copy(key, 4);
    return key;
  }
  return null;
}
