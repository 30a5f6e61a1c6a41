import { liveRouter } from './live-router.ts';
import { operations } from './operations.ts';
import { router } from './trpc.ts';
import { proceduresOf } from './trpc-procedures.ts';

/** The tRPC router of the console. The console imports only its type (`@emcachers/engine/api`). */
export const appRouter = router({
  fleet: router(proceduresOf('fleet', operations.fleet)),
  entities: router(proceduresOf('entities', operations.entities)),
  sources: router(proceduresOf('sources', operations.sources)),
  jobs: router(proceduresOf('jobs', operations.jobs)),
  oplog: router(proceduresOf('oplog', operations.oplog)),
  audit: router(proceduresOf('audit', operations.audit)),
  incidents: router(proceduresOf('incidents', operations.incidents)),
  live: liveRouter,
});

export type AppRouter = typeof appRouter;
