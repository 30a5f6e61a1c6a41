import { z } from 'zod';

/** Oplog entries as a node without access to PostgreSQL pulls them: complete data, in id order, nothing cut. */
export const oplogBatchSchema = z.object({
  /** The oplog's own identity; another value means that ids have another meaning now (EMC-3003). */
  historyId: z.string(),
  head: z.number().int(),
  /** From a position below this the oplog can no longer be replayed: build anew from 0. */
  horizon: z.number().int(),
  entities: z.array(
    z.object({
      entityName: z.string(),
      entries: z.array(
        z.object({
          id: z.number().int(),
          operation: z.enum(['Upsert', 'Delete']),
          docId: z.string(),
          version: z.number().int(),
          /** The projected row in the oplog's encoding; null for a Delete. */
          data: z.string().nullable(),
          createdAt: z.iso.datetime(),
        }),
      ),
      /** More entries wait; false means that the position may move to `head`. */
      more: z.boolean(),
    }),
  ),
});
export type OplogBatch = z.infer<typeof oplogBatchSchema>;

export interface OplogBatchRequest {
  readonly entities: readonly { readonly entityName: string; readonly afterId: number }[];
  /** Entries per entity. */
  readonly limit: number;
}
