import { entityPlanSchema } from '@emcachers/core/entity-plan';
import { newEntitySchema } from '@emcachers/core/new-entity';
import { z } from 'zod';
import { query } from '../operation.ts';

const entitiesMax = 500;

/** Compares a description of entities with those that exist. */
export const planOperations = {
  plan: query({
    input: z.strictObject({
      entities: z.array(newEntitySchema).max(entitiesMax, `A description can have at most ${entitiesMax} entities.`),
      prune: z.boolean().default(false),
    }),
    output: entityPlanSchema,
    errors: ['EMC-3001'],
    rest: {
      method: 'POST',
      path: '/api/v1/plan',
      operationId: 'planEntities',
      tag: 'entities',
      summary:
        'Say what has to be done so that entities are as described, and what of it is not possible. Changes nothing. With prune, entities that are not described are to be deleted.',
      status: 200,
    },
    handle: ({ input, services }) => services.planner.plan(input),
  }),
};
