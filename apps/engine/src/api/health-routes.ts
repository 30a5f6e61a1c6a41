import type { FastifyInstance } from 'fastify';
import { healthReport, readinessOf } from '../observability/health.ts';
import type { Metrics } from '../observability/metrics.ts';
import type { ServiceState } from '../runtime/supervisor.ts';
import type { ApiServices } from './api-context.ts';

export interface HealthRoutesDependencies {
  readonly services: ApiServices;
  readonly metrics: Metrics;
  readonly serviceStates: () => readonly ServiceState[];
}

/** `/healthz`: liveness. `/readyz`: readiness. `/health`: the full health report. `/metrics`: Prometheus metrics. */
export function registerHealthRoutes(app: FastifyInstance, dependencies: HealthRoutesDependencies): void {
  const { services, metrics, serviceStates } = dependencies;
  app.get('/healthz', async () => ({ status: 'alive' }));
  app.get('/readyz', async (_request, reply) => {
    const { ready, reason } = readinessOf(services.fleet.latest());
    return reply.code(ready ? 200 : 503).send({ status: ready ? 'ready' : 'not ready', reason });
  });
  // Always 200: with an error status, one degraded entity would make a proxy remove the engine. Never waits once it has a picture.
  app.get('/health', async () => {
    const seen = services.fleet.glance() ?? { view: await services.fleet.read(), ageMs: 0 };
    return healthReport(seen, serviceStates());
  });
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.scrape()));
}
