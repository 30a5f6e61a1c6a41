import { type EntityView, entityViewSchema } from '@emcachers/core/api-views';
import { cacheIndexesSchema } from '@emcachers/core/cache-index';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { type NewEntity, newEntitySchema } from '@emcachers/core/new-entity';
import { z } from 'zod';
import { namedEntity, noInput } from '../inputs.ts';
import { type HandledCall, mutation, query } from '../operation.ts';

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
      summary: 'Create an entity and start its scan.',
      status: 201,
      location: ({ entityName }) => `/api/v1/entities/${encodeURIComponent(entityName)}`,
    },
    handle: (call) => createOnce(call),
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

/** A request that is carried out again, because its first attempt ended without an answer, finds its entity by the audit. */
async function createOnce({ input, services, asker }: HandledCall<NewEntity>): Promise<EntityView> {
  try {
    return await services.entities.create(input, asker);
  } catch (error) {
    if (!(error instanceof EmcachersError) || error.code !== 'EMC-5003') throw error;
    const { entityName } = input;
    const { entries } = await services.readAudit({ entityName, action: 'create', before: null, limit: 1 });
    if (entries[0]?.correlationId !== asker.correlationId) throw error;
    return services.entities.get(entityName);
  }
}
