import { fleetViewSchema, jobViewSchema, sourceCollectionViewSchema } from '@emcachers/core/api-views';
import { entityNameSchema } from '@emcachers/core/shape';
import { z } from 'zod';
import { oplogBatchSchema } from '../control/browse/oplog-batch.ts';
import { type RestRoute, restRoute } from './rest-route.ts';

const selected = z.object({ jobId: z.uuid('A job id is a UUID.') });
/** Entities in one oplog batch; one page per entity is read for each call. */
const batchEntitiesMax = 100;

export const systemRoutes: readonly RestRoute[] = [
  restRoute({
    method: 'GET',
    path: '/api/v1/fleet',
    operationId: 'getFleet',
    tag: 'fleet',
    summary: 'The whole picture: health, pipeline stages, entities and nodes.',
    status: 200,
    output: fleetViewSchema,
    answer: ({ services }) => services.fleet.read(),
  }),
  restRoute({
    method: 'GET',
    path: '/api/v1/sources',
    operationId: 'listSources',
    tag: 'fleet',
    summary: 'Collections that could be copied, with the entities that copy them already.',
    status: 200,
    output: z.array(sourceCollectionViewSchema),
    errors: ['EMC-2001'],
    answer: ({ services }) => services.sources.list(),
  }),
  restRoute({
    method: 'GET',
    path: '/api/v1/jobs',
    operationId: 'listJobs',
    tag: 'jobs',
    summary: 'Jobs, newest first.',
    query: z.object({
      entityName: entityNameSchema.optional(),
      limit: z.coerce.number().int().min(1).max(200).default(50),
    }),
    status: 200,
    output: z.array(jobViewSchema),
    answer: ({ query, services }) => services.jobs.list(query),
  }),
  restRoute({
    method: 'GET',
    path: '/api/v1/jobs/{jobId}',
    operationId: 'getJob',
    tag: 'jobs',
    summary: 'One job.',
    params: selected,
    status: 200,
    output: jobViewSchema,
    errors: ['EMC-5005'],
    answer: ({ params, services }) => services.jobs.get(params.jobId),
  }),
  restRoute({
    method: 'POST',
    path: '/api/v1/jobs/{jobId}/cancel',
    operationId: 'cancelJob',
    tag: 'jobs',
    summary: 'Ask a queued or running job to stop; a finished one stays as it is.',
    params: selected,
    status: 202,
    output: jobViewSchema,
    errors: ['EMC-5005'],
    answer: ({ params, services }) => services.jobs.cancel(params.jobId),
  }),
  restRoute({
    method: 'POST',
    path: '/api/v1/oplog/batch',
    operationId: 'readOplogBatch',
    tag: 'oplog',
    summary: 'Entries after a position, by entity, in id order: what a node without PostgreSQL access pulls.',
    body: z.strictObject({
      entities: z
        .array(z.strictObject({ entityName: entityNameSchema, afterId: z.number().int().min(0) }))
        .min(1, 'Name at least one entity.')
        .max(batchEntitiesMax),
      limit: z.number().int().min(1).max(10_000).default(1_000),
    }),
    status: 200,
    output: oplogBatchSchema,
    errors: ['EMC-5002'],
    answer: ({ body, services }) => services.oplogReader.batch(body),
  }),
];
