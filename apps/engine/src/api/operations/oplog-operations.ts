import { entityNameSchema } from '@emcachers/core/shape';
import { z } from 'zod';
import { oplogBatchSchema } from '../../control/browse/oplog-batch.ts';
import { query } from '../operation.ts';

/** Maximum entities in one oplog batch. Each call reads one page per entity. */
const batchEntitiesMax = 100;

export const oplogOperations = {
  batch: query({
    input: z.strictObject({
      entities: z
        .array(z.strictObject({ entityName: entityNameSchema, afterId: z.number().int().min(0) }))
        .min(1, 'Name at least one entity.')
        .max(batchEntitiesMax),
      limit: z.number().int().min(1).max(10_000).default(1_000),
    }),
    output: oplogBatchSchema,
    errors: ['EMC-5002'],
    rest: {
      method: 'POST',
      path: '/api/v1/oplog/batch',
      operationId: 'readOplogBatch',
      tag: 'oplog',
      summary:
        'Read entries after a position, by entity, in id order, with rows by column name. docs/oplog-api.md specifies their values.',
      status: 200,
    },
    handle: ({ input, services }) => services.oplogBrowser.batch(input),
  }),
};
