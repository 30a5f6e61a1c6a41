import { entityViewSchema } from '@emcachers/core/api-views';
import { cacheIndexesSchema } from '@emcachers/core/cache-index';
import { newEntitySchema } from '@emcachers/core/new-entity';
import { z } from 'zod';
import { namedEntity, noInput } from '../inputs.ts';
import { mutation, query } from '../operation.ts';

const tag = 'entities';

/**
 * Lists, reads and creates entities. Jobs are in `action-operations.ts`, rows and entries in `browse-operations.ts`.
 */
export const entityOperations = {
  list: query({
    input: noInput,
    output: z.array(entityViewSchema),
    errors: [],
    rest: {
      method: 'GET',
      path: '/api/v1/entities',
      operationId: 'listEntities',
      tag,
      summary: 'List all entities with their state, offsets and lag.',
      status: 200,
    },
    handle: ({ services }) => services.entities.list(),
  }),
  create: mutation({
    input: newEntitySchema,
    output: entityViewSchema,
    audit: 'An operator created an entity.',
    repetition: 'by-key',
    errors: ['EMC-2007', 'EMC-2010', 'EMC-2020', 'EMC-5003', 'EMC-5010'],
    rest: {
      method: 'POST',
      path: '/api/v1/entities',
      operationId: 'createEntity',
      tag,
      summary: 'Create an entity and start its scan. A retry with the same Idempotency-Key returns the first answer.',
      status: 201,
      location: ({ entityName }) => `/api/v1/entities/${encodeURIComponent(entityName)}`,
    },
    handle: ({ input, services, asker }) => services.entities.create(input, asker),
  }),
  setIndexes: mutation({
    input: namedEntity.extend({ indexes: cacheIndexesSchema }),
    output: entityViewSchema,
    audit: 'An operator changed the indexes of an entity.',
    repetition: 'same',
    errors: ['EMC-5002', 'EMC-5004'],
    rest: {
      method: 'PUT',
      path: '/api/v1/entities/{entityName}/indexes',
      operationId: 'setEntityIndexes',
      tag,
      summary: 'Set the indexes of the cache files. Nodes build and drop them without a scan; readers are not stopped.',
      status: 200,
    },
    handle: ({ input, services, asker }) => services.entities.setIndexes(input.entityName, input.indexes, asker),
  }),
  get: query({
    input: namedEntity,
    output: entityViewSchema,
    errors: ['EMC-5002'],
    rest: {
      method: 'GET',
      path: '/api/v1/entities/{entityName}',
      operationId: 'getEntity',
      tag,
      summary: 'Get one entity.',
      status: 200,
    },
    handle: ({ input, services }) => services.entities.get(input.entityName),
  }),
};
