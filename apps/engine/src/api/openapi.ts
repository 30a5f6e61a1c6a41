import { problemSchema } from '@emcachers/core/api-views';
import { z } from 'zod';
import type { RestRoute } from './rest-route.ts';

/** The OpenAPI 3.1 document of the REST routes, made from the schemas that check and type them. */
export function openApiDocument(routes: readonly RestRoute[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of routes)
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  return {
    openapi: '3.1.0',
    info: {
      title: 'EMCachers engine',
      version: '1',
      description: 'Local, SQL-readable copies of MongoDB collections. Errors are RFC 9457 problem documents.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    paths,
    components: {
      schemas: { Problem: schemaOf(problemSchema, 'output') },
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
    },
  };
}

function operationOf(route: RestRoute): Record<string, unknown> {
  return {
    operationId: route.operationId,
    tags: [route.tag],
    summary: route.summary,
    ...(route.params === null && route.query === null ? {} : { parameters: parametersOf(route) }),
    ...(route.body === null ? {} : { requestBody: requestBodyOf(route.body) }),
    responses: {
      [String(route.status)]: {
        description: route.status === 202 ? 'Accepted; the job tells how it goes.' : 'Done.',
        content: { 'application/json': { schema: schemaOf(route.output, 'output') } },
      },
      default: {
        description: `A problem: EMC-5001 for a wrong input, EMC-5999 for an internal error${route.errors.map((code) => `, ${code}`).join('')}.`,
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

/** Optional where nothing need be said: a POST without a body is then as good as `{}`. */
function requestBodyOf(body: z.ZodType): Record<string, unknown> {
  const required = !body.safeParse({}).success;
  return { required, content: { 'application/json': { schema: schemaOf(body, 'input') } } };
}

function parametersOf(route: RestRoute): unknown[] {
  return [...parametersIn('path', route.params), ...parametersIn('query', route.query)];
}

function parametersIn(place: 'path' | 'query', object: z.ZodObject | null): unknown[] {
  return Object.entries(object?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: place,
    required: place === 'path',
    schema: schemaOf(schema as z.ZodType, 'input'),
  }));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
