import { entityNameSchema } from '@emcachers/core/shape';
import { z } from 'zod';
import { procedure, router } from './trpc.ts';

const selected = z.strictObject({ jobId: z.uuid() });

export const jobsRouter = router({
  list: procedure
    .input(z.strictObject({ entityName: entityNameSchema.optional(), limit: z.number().int().min(1).max(200) }))
    .query(({ ctx, input }) => ctx.services.jobs.list(input)),
  get: procedure.input(selected).query(({ ctx, input }) => ctx.services.jobs.get(input.jobId)),
  cancel: procedure.input(selected).mutation(({ ctx, input }) => ctx.services.jobs.cancel(input.jobId)),
});
