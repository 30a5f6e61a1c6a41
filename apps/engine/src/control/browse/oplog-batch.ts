import { z } from 'zod';

/** Oplog entries for a node without access to PostgreSQL: complete rows in id order. */
export const oplogBatchSchema = z.object({
  /** The oplog's identity. If it differs from the last batch, earlier ids are no longer valid (EMC-3003). */
  historyId: z.string(),
  head: z.number().int(),
  /** The oplog cannot be replayed from a lower position. Rebuild from 0 instead. */
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
