import { EmcachersError } from '@emcachers/core/emcachers-error';
import { entityNameSchema, shapeSchema } from '@emcachers/core/shape';
import { z } from 'zod';
import { procedure, router } from './trpc.ts';

const named = z.strictObject({ entityName: entityNameSchema });
/** Rows or entries of one answer; the console shows fewer, and a larger answer would block the others. */
const pageLimit = z.number().int().min(1).max(500);

export const entitiesRouter = router({
  list: procedure.query(({ ctx }) => ctx.services.entities.list()),
  get: procedure.input(named).query(({ ctx, input }) => ctx.services.entities.get(input.entityName)),
  create: procedure.input(shapeSchema).mutation(({ ctx, input }) => ctx.services.entities.create(input)),

  refresh: procedure.input(named.extend({ allowLargeSweep: z.boolean().optional() })).mutation(({ ctx, input }) =>
    ctx.services.jobs.submit({
      kind: 'refresh',
      entityName: input.entityName,
      allowLargeSweep: input.allowLargeSweep ?? false,
    }),
  ),
  rebuild: procedure
    .input(named)
    .mutation(({ ctx, input }) => ctx.services.jobs.submit({ kind: 'rebuild', entityName: input.entityName })),
  pause: procedure
    .input(named)
    .mutation(({ ctx, input }) => ctx.services.jobs.submit({ kind: 'pause', entityName: input.entityName })),
  resume: procedure
    .input(named)
    .mutation(({ ctx, input }) => ctx.services.jobs.submit({ kind: 'resume', entityName: input.entityName })),
  delete: procedure.input(named.extend({ confirm: z.string() })).mutation(({ ctx, input }) => {
    if (input.confirm !== input.entityName) throw confirmationError(input.entityName);
    return ctx.services.jobs.submit({ kind: 'delete', entityName: input.entityName });
  }),

  rows: procedure
    .input(named.extend({ after: z.string().optional(), limit: pageLimit, docId: z.string().optional() }))
    .query(({ ctx, input }) => ctx.services.rowsReader.rows(input)),
  oplog: procedure
    .input(named.extend({ before: z.number().int().optional(), limit: pageLimit }))
    .query(({ ctx, input }) => ctx.services.oplogReader.entries(input)),
  deadLetters: procedure
    .input(named.extend({ limit: pageLimit }))
    .query(({ ctx, input }) => ctx.services.oplogReader.deadLetters(input)),
});

function confirmationError(entityName: string): EmcachersError {
  const message = `Type ${entityName} to confirm.`;
  return new EmcachersError({ code: 'EMC-5001', detail: message, fields: [{ path: ['confirm'], message }] });
}
