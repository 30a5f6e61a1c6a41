import { procedure, router } from './trpc.ts';

export const fleetRouter = router({
  get: procedure.query(({ ctx }) => ctx.services.fleet.read()),
});
