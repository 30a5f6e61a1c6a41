import { entityNameSchema } from '@emcachers/core/shape';
import { z } from 'zod';
import { auditPageSchema } from '../../control/browse/audit-view.ts';
import { pageLimit } from '../inputs.ts';
import { query } from '../operation.ts';

export const auditOperations = {
  list: query({
    input: z.strictObject({
      entityName: entityNameSchema.optional(),
      action: z.string().min(1).max(63).optional(),
      before: z.coerce.number<number>().int().min(1).optional(),
      limit: pageLimit,
    }),
    output: auditPageSchema,
    errors: ['EMC-3001'],
    rest: {
      method: 'GET',
      path: '/api/v1/audit',
      operationId: 'listAudit',
      tag: 'fleet',
      summary: 'List what operators and the engine have done, newest first.',
      status: 200,
    },
    handle: ({ input: { entityName = null, action = null, before = null, limit }, services }) =>
      services.readAudit({ entityName, action, before, limit }),
  }),
};
