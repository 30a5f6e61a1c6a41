/** A reply to a command that opens or continues a cursor. Its documents stay raw. */
import { bsonTypes } from '@emcachers/bson/bson-types';
import { ElementWalk } from '@emcachers/bson/element-walk';
import { Long } from 'mongodb';
import { MalformedFrameError, readFrame } from './malformed-frame-error.ts';

export interface CursorReply {
  /** Zero if the server has closed the cursor. */
  readonly cursorId: Long;
  /** Raw documents, sharing memory with the reply. */
  readonly documents: readonly Buffer[];
  readonly postBatchResumeToken: Buffer | null;
}

/** Reads the `cursor` field, which the driver leaves raw under `{ raw: true }`. */
export function parseCursorReply(reply: Readonly<Record<string, unknown>>): CursorReply {
  const cursor = reply['cursor'];
  if (!(cursor instanceof Uint8Array)) throw new MalformedFrameError('a reply without its cursor');
  return readFrame(() => readCursor(cursor));
}

function readCursor(cursor: Uint8Array): CursorReply {
  const walk = new ElementWalk(cursor);
  let cursorId = Long.ZERO;
  let documents: readonly Buffer[] = [];
  let postBatchResumeToken: Buffer | null = null;
  while (walk.next()) {
    switch (walk.name) {
      case 'id':
        if (walk.type === bsonTypes.int64) cursorId = Long.fromBytesLE([...walk.valueBytes]);
        break;
      case 'firstBatch':
      case 'nextBatch':
        documents = rawDocuments(walk.valueBytes);
        break;
      case 'postBatchResumeToken':
        postBatchResumeToken = walk.valueBytes;
        break;
    }
  }
  return { cursorId, documents, postBatchResumeToken };
}

function rawDocuments(array: Buffer): Buffer[] {
  const documents: Buffer[] = [];
  const walk = new ElementWalk(array);
  while (walk.next()) {
    if (walk.type !== bsonTypes.object)
      throw new MalformedFrameError('a batch that holds a value other than a document');
    documents.push(walk.valueBytes);
  }
  return documents;
}
