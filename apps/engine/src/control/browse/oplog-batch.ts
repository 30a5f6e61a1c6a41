import type { RowJson } from '@emcachers/core/document/row-json';
import { z } from 'zod';

const cellJsonSchema = {
  oneOf: [
    { type: ['null', 'boolean', 'number', 'string'] },
    ...['integer', 'real', 'blob'].map((name) => ({
      type: 'object',
      properties: { [name]: { type: 'string' } },
      required: [name],
      additionalProperties: false,
    })),
  ],
};

/** The engine makes each row itself, so its cells are described but not validated. */
const rowSchema = z
  .custom<RowJson>((value) => typeof value === 'object' && value !== null)
  .meta({ type: 'object', additionalProperties: cellJsonSchema });

/** Oplog entries for readers without access to PostgreSQL: complete rows in id order. docs/oplog-api.md is the specification. */
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
          /** The projected row by column name; null for a Delete. */
          data: rowSchema.nullable(),
          createdAt: z.iso.datetime(),
        }),
      ),
      /** True if there are more entries. */
      more: z.boolean(),
      /** Pass as `afterId` for the next batch: the last entry's id, or the oplog's head if there are no more. */
      next: z.number().int(),
    }),
  ),
});
export type OplogBatch = z.infer<typeof oplogBatchSchema>;

export interface OplogBatchRequest {
  readonly entities: readonly { readonly entityName: string; readonly afterId: number }[];
  /** Entries per entity. */
  readonly limit: number;
}
