import { z } from 'zod';
import { snapshotViewSchema } from '../../control/snapshot/snapshot-control.ts';
import { namedEntity } from '../inputs.ts';
import { mutation, query } from '../operation.ts';

const tag = 'entities';
const errors = ['EMC-3001', 'EMC-5002'] as const;

/** Lists and deletes snapshots. The job that makes them is among the actions. */
export const snapshotOperations = {
  snapshots: query({
    input: namedEntity,
    output: z.array(snapshotViewSchema),
    errors,
    rest: {
      method: 'GET',
      path: '/api/v1/entities/{entityName}/snapshots',
      operationId: 'listSnapshots',
      tag,
      summary: 'List the snapshots of an entity on all nodes, newest first.',
      status: 200,
    },
    handle: ({ input, services }) => services.snapshots.list(input.entityName),
  }),
  deleteSnapshot: mutation({
    input: namedEntity.extend({ snapshotId: z.uuid('A snapshot id must be a UUID.') }),
    /** `found`: false if the entity has no such snapshot, for example because it was deleted before. */
    output: z.object({ found: z.boolean() }),
    audit: 'An operator deleted a snapshot.',
    repetition: 'same',
    errors,
    rest: {
      method: 'DELETE',
      path: '/api/v1/entities/{entityName}/snapshots/{snapshotId}',
      operationId: 'deleteSnapshot',
      tag,
      summary:
        'Delete a snapshot, or stop making it. Its node deletes the file; one that is away does so when it returns.',
      status: 202,
    },
    handle: async ({ input, services }) => ({
      found: await services.snapshots.remove(input.entityName, input.snapshotId),
    }),
  }),
};
