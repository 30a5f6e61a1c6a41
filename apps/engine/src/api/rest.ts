import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ApiContext } from './api-context.ts';
import { callOperation } from './call-operation.ts';
import { docsPage } from './docs-page.ts';
import { openApiDocument } from './openapi.ts';
import { type NamedOperation, operationRows } from './operations.ts';
import { readRestInput, restInputOf } from './rest-input.ts';

interface RestDependencies {
  readonly contextOf: (request: FastifyRequest) => ApiContext;
}

/** Registers a REST route for each operation, the OpenAPI document and the reference page. */
export function registerRest(app: FastifyInstance, dependencies: RestDependencies): void {
  for (const row of operationRows) registerRoute(app, row, dependencies);
  const document = openApiDocument(operationRows);
  app.get('/api/v1/openapi.json', async () => document);
  const page = docsPage(document, operationRows);
  app.get('/api/docs', async (_request, reply) => reply.type('text/html; charset=utf-8').send(page));
}

function registerRoute(app: FastifyInstance, row: NamedOperation, { contextOf }: RestDependencies): void {
  const { rest } = row.operation;
  const parts = restInputOf(row.operation);
  app.route({
    method: rest.method,
    url: rest.path.replaceAll(/\{(\w+)\}/g, ':$1'),
    handler: async (request, reply) => {
      const input = readRestInput(parts, request);
      const { answer, isReplay } = await callOperation({ ...row, input, context: contextOf(request) });
      if (isReplay) reply.header('idempotency-replayed', 'true');
      if (rest.location !== undefined) reply.header('location', rest.location(answer));
      return reply.code(rest.status).send(answer);
    },
  });
}
