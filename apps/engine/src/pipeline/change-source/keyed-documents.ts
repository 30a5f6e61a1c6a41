/** Reads single documents by their `_id`, with the same guarantees as a page of a scan. */
import { asBuffer } from '@emcachers/bson/read-bytes';
import type { MongoClient } from 'mongodb';
import type { KeyedDocuments, KeyedRequest } from './change-source-types.ts';
import { parseCursorReply } from './cursor-reply.ts';
import { exactDocument } from './exact-bson.ts';
import { runPlain, runRaw, toTimestamp } from './mongo-commands.ts';

/** True if the document with this key can be looked up: its `_id` can be sent back to the server exactly. */
export function isReadableKey(key: Uint8Array): boolean {
  return exactDocument(key)?.has('_id') === true;
}

/** Throws if a key is not readable. */
export async function readKeyedDocuments(client: MongoClient, request: KeyedRequest): Promise<KeyedDocuments> {
  const { namespace, keys, notBefore, keysOnly } = request;
  const target = { client, database: namespace.database };
  const command = {
    find: namespace.collection,
    filter: { _id: { $in: keys.map(idOf) } },
    ...(keysOnly ? { projection: { _id: 1 } } : {}),
    collation: { locale: 'simple' },
    batchSize: keys.length + 1,
    readConcern: { level: 'majority', afterClusterTime: toTimestamp(notBefore) },
  };
  const { documents, cursorId } = parseCursorReply(await runRaw(target, command));
  if (cursorId.isZero()) return { documents, isComplete: true };
  // A reply holds at most 16 MB. The caller asks again for the rest, so that no more than one reply is in memory.
  await runPlain(target, { killCursors: namespace.collection, cursors: [cursorId] });
  return { documents, isComplete: false };
}

function idOf(key: Uint8Array): unknown {
  const exact = exactDocument(asBuffer(key));
  if (exact === null) throw new TypeError('A key cannot be sent back to MongoDB exactly.');
  return exact.get('_id');
}

/** The exact number of documents. Counts index entries, so it takes time in proportion to the collection. */
export async function countDocuments(
  client: MongoClient,
  { namespace, notBefore }: Pick<KeyedRequest, 'namespace' | 'notBefore'>,
): Promise<number> {
  const reply = await runPlain(
    { client, database: namespace.database },
    {
      aggregate: namespace.collection,
      pipeline: [{ $group: { _id: null, count: { $sum: 1 } } }],
      cursor: {},
      readConcern: { level: 'majority', afterClusterTime: toTimestamp(notBefore) },
    },
  );
  const cursor = reply['cursor'] as { readonly firstBatch: readonly { readonly count: unknown }[] };
  return Number(cursor.firstBatch[0]?.count ?? 0);
}
