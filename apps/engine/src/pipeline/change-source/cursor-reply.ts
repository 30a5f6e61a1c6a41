/** A reply to a command that opens or continues a cursor. Its documents stay raw. */
import { Long } from 'mongodb';
import { asBuffer, bsonType, ElementWalk, MalformedFrameError } from './element-walk.ts';

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
  const walk = new ElementWalk(asBuffer(cursor));
  let cursorId = Long.ZERO;
  let documents: readonly Buffer[] = [];
  let postBatchResumeToken: Buffer | null = null;
  while (walk.next()) {
    if (walk.name === 'id' && walk.type === bsonType.int64) cursorId = Long.fromBytesLE([...walk.value()]);
    else if (walk.name === 'firstBatch' || walk.name === 'nextBatch') documents = rawDocuments(walk.value());
    else if (walk.name === 'postBatchResumeToken') postBatchResumeToken = walk.value();
  }
  return { cursorId, documents, postBatchResumeToken };
}

function rawDocuments(array: Buffer): Buffer[] {
  const documents: Buffer[] = [];
  const walk = new ElementWalk(array);
  while (walk.next()) {
    if (walk.type !== bsonType.document)
      throw new MalformedFrameError('a batch that holds a value other than a document');
    documents.push(walk.value());
  }
  return documents;
}
