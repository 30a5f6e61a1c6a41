import { BsonWriter } from '../bson/bson-writer.ts';
import type { CommandContext } from '../commands/command.ts';
import type { ClusterTime } from '../history/history-entry.ts';
import { documentBytesMax, documentBytesSlack } from '../server-state.ts';
import { sessionKey } from '../session/session-table.ts';
import type { Batch, BatchRequest, DocumentSource } from './cursor-table.ts';

/** Default size of the first batch. Source: manual, `cursor.batchSize()`. */
export const firstBatchMax = 101;

/** Maximum bytes of a batch's documents, so that the reply fits the limit in `hello`. */
export const batchBytesMax = documentBytesMax;

export interface CursorOptions {
  readonly namespace: string;
  readonly source: DocumentSource;
  /** `cursor.batchSize` of the command; undefined takes the default. */
  readonly batchSize: number | undefined;
  readonly isSingleBatch?: boolean;
  readonly isChangeStream?: boolean;
  readonly isTailable?: boolean;
  readonly hasNoTimeout?: boolean;
}

/** Limits of one batch for this call. */
export function batchRequest(
  context: CommandContext,
  limits: { documentsMax: number; waitMs?: number; signal?: AbortSignal },
): BatchRequest {
  return {
    documentsMax: limits.documentsMax,
    bytesMax: batchBytesMax,
    waitMs: limits.waitMs ?? 0,
    // Read only by a source that waits: the signal of an operation is made on its first use.
    get signal() {
      return limits.signal ?? context.operation.signal;
    },
    turns: context.turns,
  };
}

/** Reads the first batch and registers a cursor if there may be more. */
export async function openCursor(context: CommandContext, options: CursorOptions): Promise<BsonWriter> {
  const { source, namespace, batchSize } = options;
  const { snapshotTime } = context;
  const isTailable = options.isTailable === true;
  let batch: Batch;
  try {
    batch = await source.next(batchRequest(context, { documentsMax: batchSize ?? firstBatchMax }));
  } catch (error) {
    source.close();
    throw error;
  }
  if (batch.isExhausted || options.isSingleBatch === true) {
    source.close();
    return cursorReply({ id: 0n, namespace, field: 'firstBatch', snapshotTime }, batch);
  }
  const cursor = context.server.cursors.open({
    namespace,
    source,
    isChangeStream: options.isChangeStream === true,
    isTailable,
    session: context.lsid === null ? null : sessionKey(context.lsid),
    transaction: context.transaction,
    hasNoTimeout: options.hasNoTimeout === true,
    timeLeftMs:
      isTailable || context.deadlineMs === null ? null : context.deadlineMs - context.server.clock.monotonicMs(),
  });
  return cursorReply({ id: cursor.id, namespace, field: 'firstBatch', snapshotTime }, batch);
}

interface ReplyCursor {
  readonly id: bigint;
  readonly namespace: string;
  readonly field: 'firstBatch' | 'nextBatch';
  readonly snapshotTime?: ClusterTime | null;
}

/** `{ cursor: { firstBatch | nextBatch, postBatchResumeToken, id, ns } }`. */
export function cursorReply(cursor: ReplyCursor, batch: Batch): BsonWriter {
  const bytes = batch.documents.reduce((sum, document) => sum + document.length + 8, 512);
  const writer = new BsonWriter(Math.min(bytes, documentBytesMax + documentBytesSlack * 4));
  writer.beginDocument('cursor').documents(cursor.field, batch.documents);
  if (batch.resumeToken !== undefined) writer.document('postBatchResumeToken', batch.resumeToken);
  if (cursor.snapshotTime != null) writer.timestamp('atClusterTime', cursor.snapshotTime);
  return writer.int64('id', cursor.id).string('ns', cursor.namespace).end();
}
