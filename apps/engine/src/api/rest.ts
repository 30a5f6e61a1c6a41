import type { FastifyInstance } from 'fastify';
import type { ApiServices } from './api-context.ts';
import { docsPage } from './docs-page.ts';
import { openApiDocument } from './openapi.ts';
import { entityRoutes } from './rest-entities.ts';
import type { RestRoute } from './rest-route.ts';
import { systemRoutes } from './rest-system.ts';

export const restRoutes: readonly RestRoute[] = [...entityRoutes, ...systemRoutes];

/** Serves the REST routes, their OpenAPI document and the reference page made of it. */
export function registerRest(app: FastifyInstance, services: ApiServices): void {
  for (const route of restRoutes) {
    app.route({
      method: route.method,
      url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      handler: async (request, reply) => {
        const answer = await route.handle(request, services, reply);
        return reply.code(route.status).send(answer);
      },
    });
  }
  const document = openApiDocument(restRoutes);
  app.get('/api/v1/openapi.json', async () => document);
  const page = docsPage(document, restRoutes);
  app.get('/api/docs', async (_request, reply) => reply.type('text/html; charset=utf-8').send(page));
}
