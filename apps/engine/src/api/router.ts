import { entitiesRouter } from './entities-router.ts';
import { fleetRouter } from './fleet-router.ts';
import { jobsRouter } from './jobs-router.ts';
import { liveRouter } from './live-router.ts';
import { sourcesRouter } from './sources-router.ts';
import { router } from './trpc.ts';

/** Everything the console can ask of an engine. The console imports the type alone (`@emcachers/engine/api`). */
export const appRouter = router({
  fleet: fleetRouter,
  entities: entitiesRouter,
  sources: sourcesRouter,
  jobs: jobsRouter,
  live: liveRouter,
});

export type AppRouter = typeof appRouter;
