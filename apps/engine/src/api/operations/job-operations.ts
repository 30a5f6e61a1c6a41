import { jobViewSchema } from '@emcachers/core/api-views';
import { entityNameSchema } from '@emcachers/core/shape';
import { z } from 'zod';
import { mutation, query } from '../operation.ts';

const selected = z.strictObject({ jobId: z.uuid('A job id must be a UUID.') });
const tag = 'jobs';

export const jobOperations = {
  list: query({
    input: z.strictObject({
      entityName: entityNameSchema.optional(),
      limit: z.coerce.number<number>().int().min(1).max(200).default(50),
    }),
    output: z.array(jobViewSchema),
    errors: [],
    rest: {
      method: 'GET',
      path: '/api/v1/jobs',
      operationId: 'listJobs',
      tag,
      summary: 'List jobs, newest first.',
      status: 200,
    },
    handle: ({ input, services }) => services.jobs.list(input),
  }),
  get: query({
    input: selected,
    output: jobViewSchema,
    errors: ['EMC-5005'],
    rest: {
      method: 'GET',
      path: '/api/v1/jobs/{jobId}',
      operationId: 'getJob',
      tag,
      summary: 'Get one job.',
      status: 200,
    },
    handle: ({ input, services }) => services.jobs.get(input.jobId),
  }),
  cancel: mutation({
    input: selected,
    output: jobViewSchema,
    audit: 'An operator requested the cancellation of a job.',
    repetition: 'same',
    errors: ['EMC-5005'],
    rest: {
      method: 'POST',
      path: '/api/v1/jobs/{jobId}/cancel',
      operationId: 'cancelJob',
      tag,
      summary: 'Cancel a queued or running job. A finished job is not changed.',
      status: 202,
    },
    handle: ({ input, services, asker }) => services.jobs.cancel(input.jobId, asker),
  }),
};
