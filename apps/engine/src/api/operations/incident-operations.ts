import { entityNameSchema } from '@emcachers/core/shape';
import { z } from 'zod';
import { incidentPageSchema } from '../../control/browse/incident-view.ts';
import { pageLimit } from '../inputs.ts';
import { query } from '../operation.ts';

export const incidentOperations = {
  list: query({
    input: z.strictObject({
      state: z.enum(['open', 'closed']).optional(),
      entityName: entityNameSchema.optional(),
      before: z.coerce.number<number>().int().min(1).optional(),
      limit: pageLimit,
    }),
    output: incidentPageSchema,
    errors: ['EMC-3001'],
    rest: {
      method: 'GET',
      path: '/api/v1/incidents',
      operationId: 'listIncidents',
      tag: 'fleet',
      summary: 'List what went wrong, newest first, with the next step.',
      status: 200,
    },
    handle: ({ input: { state, entityName = null, before = null, limit }, services }) =>
      services.readIncidents({ isOpen: state === undefined ? null : state === 'open', entityName, before, limit }),
  }),
};
