import { fleetViewSchema } from '@emcachers/core/api-views';
import { z } from 'zod';
import { noInput } from '../inputs.ts';
import { mutation, query } from '../operation.ts';

export const fleetOperations = {
  get: query({
    input: noInput,
    output: fleetViewSchema,
    errors: [],
    rest: {
      method: 'GET',
      path: '/api/v1/fleet',
      operationId: 'getFleet',
      tag: 'fleet',
      summary: 'Get the fleet view: health, pipeline stages, entities and nodes.',
      status: 200,
    },
    handle: ({ services }) => services.fleet.read(),
  }),
  forgetNode: mutation({
    input: z.strictObject({ nodeId: z.string().min(1).max(63) }),
    output: fleetViewSchema,
    audit: 'An operator removed a node from the fleet.',
    repetition: 'same',
    errors: ['EMC-3001', 'EMC-5004'],
    rest: {
      method: 'DELETE',
      path: '/api/v1/nodes/{nodeId}',
      operationId: 'forgetNode',
      tag: 'fleet',
      summary: 'Remove a node that has stopped or is silent from the fleet. It registers again if it comes back.',
      status: 200,
    },
    async handle({ input, services, asker }) {
      await services.nodes.forget(input.nodeId, asker);
      return services.fleet.read();
    },
  }),
};
