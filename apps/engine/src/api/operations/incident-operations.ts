import { entityNameSchema } from '@emcachers/core/shape';
import { z } from 'zod';
import { incidentPageSchema, incidentViewSchema } from '../../control/incident/incident-view.ts';
import { pageLimit } from '../inputs.ts';
import { mutation, query } from '../operation.ts';

const incidentId = z.coerce.number<number>().int().min(1);

export const incidentOperations = {
  list: query({
    input: z.strictObject({
      state: z.enum(['open', 'closed']).optional(),
      entityName: entityNameSchema.optional(),
      before: incidentId.optional(),
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
      services.incidents.readPage({ isOpen: state === undefined ? null : state === 'open', entityName, before, limit }),
  }),
  acknowledge: mutation({
    input: z.strictObject({ incidentId }),
    output: incidentViewSchema,
    audit: 'An operator acknowledged an incident.',
    repetition: 'same',
    errors: ['EMC-3001', 'EMC-5005'],
    rest: {
      method: 'POST',
      path: '/api/v1/incidents/{incidentId}/acknowledge',
      operationId: 'acknowledgeIncident',
      tag: 'fleet',
      summary:
        'Say that you know of an incident. It stays open until its cause is gone, and is no longer counted as new.',
      status: 200,
    },
    handle: ({ input, services, asker }) => services.incidents.acknowledge(input.incidentId, asker),
  }),
};
