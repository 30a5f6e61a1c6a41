import { fleetViewSchema } from '@emcachers/core/api-views';
import { noInput } from '../inputs.ts';
import { query } from '../operation.ts';

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
};
