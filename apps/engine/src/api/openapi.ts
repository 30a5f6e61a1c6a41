import { problemSchema } from '@emcachers/core/api-views';
import { z } from 'zod';
import { idempotencyKeyCharsMax } from './idempotency-key.ts';
import type { Operation } from './operation.ts';
import type { NamedOperation } from './operations.ts';
import { restInputOf } from './rest-input.ts';

/** The OpenAPI 3.1 document of the REST routes, generated from their input and output schemas. */
export function openApiDocument(rows: readonly NamedOperation[]): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const { operation } of rows) {
    const { path, method } = operation.rest;
    paths[path] = { ...paths[path], [method.toLowerCase()]: describe(operation) };
  }
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

function describe(operation: Operation): Record<string, unknown> {
  const { rest, output, errors } = operation;
  const { body } = restInputOf(operation);
  const parameters = parametersOf(operation);
  return {
    operationId: rest.operationId,
    tags: [rest.tag],
    summary: rest.summary,
    // Either is sufficient: on loopback the engine requires no token.
    security: [{}, { token: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === null ? {} : { requestBody: requestBodyOf(body) }),
    responses: {
      [String(rest.status)]: {
        description: rest.status === 202 ? 'Accepted. Poll the job for progress.' : 'Done.',
        content: { 'application/json': { schema: schemaOf(output, 'output') } },
      },
      default: {
        description: `A problem: EMC-5001 for invalid input, EMC-5999 for an internal error${errors.map((code) => `, ${code}`).join('')}.`,
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

/** The body is optional if all its fields are: a POST without a body is then equal to `{}`. */
function requestBodyOf(body: z.ZodType): Record<string, unknown> {
  const required = !body.safeParse({}).success;
  return { required, content: { 'application/json': { schema: schemaOf(body, 'input') } } };
}

function parametersOf(operation: Operation): unknown[] {
  const { params, query } = restInputOf(operation);
  return [...parametersIn('path', params), ...parametersIn('query', query), ...headersOf(operation)];
}

function parametersIn(place: 'path' | 'query', object: z.ZodObject | null): unknown[] {
  return Object.entries(object?.shape ?? {}).map(([name, schema]) => ({
    name,
    in: place,
    required: place === 'path',
    schema: schemaOf(schema as z.ZodType, 'input'),
  }));
}

function headersOf(operation: Operation): unknown[] {
  if (operation.kind === 'query') return [];
  const repetition =
    operation.repetition === 'same'
      ? 'Without a key, a repeated request gives the same state.'
      : 'Without a key, a repeated request is refused or has a second effect.';
  const description = `A value of your choice, new for each request, for example a UUID. A retry with the same key has no second effect and gets the first answer, for a day. ${repetition}`;
  const schema = { type: 'string', minLength: 1, maxLength: idempotencyKeyCharsMax };
  return [{ name: 'Idempotency-Key', in: 'header', required: false, description, schema }];
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
