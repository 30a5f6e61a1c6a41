import { z } from 'zod';

/** Oplog entries for a node without access to PostgreSQL: complete rows in id order. */
export const oplogBatchSchema = z.object({
  /** The oplog's identity. If it differs from the last batch, earlier ids are no longer valid (EMC-3003). */
  historyId: z.string(),
  head: z.number().int(),
  /** The highest horizon of the entities below. */
  horizon: z.number().int(),
  entities: z.array(
    z.object({
      entityName: z.string(),
      /**
       * Above `afterId` if compaction has removed entries after `afterId`; otherwise 0. A reader that is not at 0 then starts again
       * from 0, unless it began at 0 under the same horizon.
       */
      horizon: z.number().int(),
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
      /** True if there are more entries. If false, the position may move to `head`. */
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
