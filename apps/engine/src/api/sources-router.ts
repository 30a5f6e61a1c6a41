import { shapeSchema, sourceNameSchema } from '@emcachers/core/shape';
import { z } from 'zod';
import { procedure, router } from './trpc.ts';

export const sourcesRouter = router({
  list: procedure.query(({ ctx }) => ctx.services.sources.list()),
  sample: procedure
    .input(z.strictObject({ sourceName: sourceNameSchema }))
    .query(({ ctx, input }) => ctx.services.sources.sample(input.sourceName)),
  preview: procedure.input(shapeSchema).query(({ ctx, input }) => ctx.services.sources.preview(input)),
});
