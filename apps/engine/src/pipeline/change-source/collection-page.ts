/**
 * Reads one page of a collection scan, in `_id` order over all BSON types.
 *
 * - The condition is an `$expr`, because `{ _id: { $gt: key } }` compares within the key's type only: a scan would end at the
 *   last number and never read the strings. `$expr` uses the `_id` index since MongoDB 5.0.
 * - Sort and collation are explicit: without a sort the order is undefined, and a collection's default collation would order
 *   strings differently from the comparison.
 * - A page is one reply and leaves no open cursor, so nothing times out between pages.
 */
import { ElementWalk } from '@emcachers/bson/element-walk';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { MongoClient } from 'mongodb';
import type { CollectionPage, PageRequest } from './change-source-types.ts';
import { parseCursorReply } from './cursor-reply.ts';
import { exactDocument } from './exact-bson.ts';
import { MalformedFrameError, readFrame } from './malformed-frame-error.ts';
import { runRaw, toClusterTime, toTimestamp } from './mongo-commands.ts';

/** A reply holds at most 16 MB. A reply well below that was not truncated by size. */
const bytesCutMin = 8 * 1024 * 1024;

export async function readCollectionPage(client: MongoClient, request: PageRequest): Promise<CollectionPage> {
  const { namespace, limit, notBefore } = request;
  const reply = await runRaw(
    { client, database: namespace.database },
    {
      find: namespace.collection,
      filter: conditionOf(request),
      sort: { _id: 1 },
      collation: { locale: 'simple' },
      limit,
      batchSize: limit,
      singleBatch: true,
      readConcern: { level: 'majority', afterClusterTime: toTimestamp(notBefore) },
    },
  );
  return { ...toPage(parseCursorReply(reply).documents, limit), readTime: toClusterTime(reply['operationTime']) };
}

function conditionOf({ after, filter }: PageRequest): Readonly<Record<string, unknown>> {
  const rest = after.kind === 'none' ? {} : { $expr: { $gt: ['$_id', { $literal: exactKey(after.document) }] } };
  return filter === undefined ? rest : { $and: [filter, rest] };
}

function exactKey(document: Uint8Array): unknown {
  const key = exactDocument(document);
  if (key === null) throw new MalformedFrameError('a saved key that cannot be sent back');
  return key.get('_id');
}

/**
 * Ends the page at the last document whose key can be sent back to the server exactly. Documents after it are read again with
 * the next page. Keys that cannot be sent back (text that is not UTF-8) are rare, and are skipped only at the end of the collection.
 */
export function toPage(documents: readonly Buffer[], limit: number): Omit<CollectionPage, 'readTime'> {
  if (documents.length === 0) return { documents, lastKey: null, exhausted: true };
  const end = lastExactKey(documents);
  if (end !== null) return { documents: documents.slice(0, end.count), lastKey: end.lastKey, exhausted: false };
  const bytes = documents.reduce((sum, document) => sum + document.length, 0);
  if (documents.length < limit && bytes < bytesCutMin) return { documents, lastKey: null, exhausted: true };
  throw new EmcachersError({
    code: 'EMC-2007',
    detail: `${documents.length} consecutive documents have an _id that cannot be sent back to MongoDB exactly.`,
  });
}

/** The last key that can be sent back exactly, and the number of documents up to it. Null if there is none. */
function lastExactKey(documents: readonly Buffer[]): { readonly count: number; readonly lastKey: Buffer } | null {
  for (let count = documents.length; count > 0; count--) {
    const last = documents[count - 1];
    const lastKey = last === undefined ? null : exactKeyDocument(last);
    if (lastKey !== null) return { count, lastKey };
  }
  return null;
}

/** Raw `{ _id }` of a document, from which a page can start; null if the key cannot be sent back to the server exactly. */
export function exactKeyDocument(document: Buffer): Buffer | null {
  const key = keyDocument(document);
  return key === null || exactDocument(key) === null ? null : key;
}

/** Raw `{ _id }` of a document, with the value's bytes unchanged; null if the document has no `_id`. */
export function keyDocument(document: Buffer): Buffer | null {
  return readFrame(() => keyOf(document));
}

function keyOf(document: Buffer): Buffer | null {
  const walk = new ElementWalk(document);
  while (walk.next()) {
    if (walk.name !== '_id') continue;
    const { element } = walk;
    const key = Buffer.alloc(element.length + 5);
    key.writeInt32LE(key.length, 0);
    element.copy(key, 4);
    return key;
  }
  return null;
}
