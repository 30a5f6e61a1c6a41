import { entityViewSchema } from '@emcachers/core/api-views';
import { shapeSchema } from '@emcachers/core/shape';
import { z } from 'zod';
import { namedEntity, noInput } from '../inputs.ts';
import { mutation, query } from '../operation.ts';

const tag = 'entities';

/** What exists. What may be done to it is in `action-operations.ts`, what it holds in `browse-operations.ts`. */
export const entityOperations = {
  list: query({
    input: noInput,
    output: z.array(entityViewSchema),
    mayCall: 'operator',
    errors: [],
    rest: {
      method: 'GET',
      path: '/api/v1/entities',
      operationId: 'listEntities',
      tag,
      summary: 'All entities with their state, offsets and lag.',
      status: 200,
    },
    handle: ({ services }) => services.entities.list(),
  }),
  create: mutation({
    input: shapeSchema,
    output: entityViewSchema,
    mayCall: 'operator',
    audit: 'An operator created an entity.',
    repetition: 'by-key',
    errors: ['EMC-5003', 'EMC-5010'],
    rest: {
      method: 'POST',
      path: '/api/v1/entities',
      operationId: 'createEntity',
      tag,
      summary:
        'Define an entity; its scan starts by itself. An Idempotency-Key makes a repetition answer as the first call did.',
      status: 201,
      location: ({ entityName }) => `/api/v1/entities/${encodeURIComponent(entityName)}`,
    },
    handle: ({ input, services }) => services.entities.create(input),
  }),
  get: query({
    input: namedEntity,
    output: entityViewSchema,
    mayCall: 'operator',
    errors: ['EMC-5002'],
    rest: {
      method: 'GET',
      path: '/api/v1/entities/{entityName}',
      operationId: 'getEntity',
      tag,
      summary: 'One entity.',
      status: 200,
    },
    handle: ({ input, services }) => services.entities.get(input.entityName),
  }),
};
