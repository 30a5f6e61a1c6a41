import type { OplogEntryView } from '@emcachers/core/api-views';
import type { OplogBatch, OplogBatchRequest } from './oplog-batch.ts';

/** A dead letter as operators see it: which document was set aside, why, and since when. */
export interface DeadLetterView {
  readonly docId: string;
  readonly errorCode: string;
  readonly error: string;
  readonly attempts: number;
  readonly createdAt: string;
}

export interface OplogPageRequest {
  readonly entityName: string;
  /** Entries with a lower id only; the newest where it is left out. */
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Reads the oplog for people: pages of entries, newest first, and dead letters. */
export interface OplogReader {
  entries(request: OplogPageRequest): Promise<{ entries: OplogEntryView[]; next: number | null }>;
  deadLetters(request: { readonly entityName: string; readonly limit: number }): Promise<DeadLetterView[]>;
  batch(request: OplogBatchRequest): Promise<OplogBatch>;
}
