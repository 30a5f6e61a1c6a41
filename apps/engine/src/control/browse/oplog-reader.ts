import type { OplogEntryView } from '@emcachers/core/api-views';
import { z } from 'zod';
import type { OplogBatch, OplogBatchRequest } from './oplog-batch.ts';

/** A dead letter as operators see it: which document was set aside, why, and since when. */
export const deadLetterViewSchema = z.object({
  docId: z.string(),
  errorCode: z.string(),
  error: z.string(),
  attempts: z.number().int(),
  createdAt: z.iso.datetime(),
});
export type DeadLetterView = z.infer<typeof deadLetterViewSchema>;

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
