import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { ApiServices } from './api-context.ts';
import { inputError } from './api-error.ts';

/**
 * A REST call as data: fastify serves it and `openapi.ts` documents it from the same schemas, so the two cannot differ.
 * Paths are written as OpenAPI writes them: `/api/v1/entities/{entityName}`.
 */
export interface RestRoute {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly operationId: string;
  readonly tag: string;
  readonly summary: string;
  readonly params: z.ZodObject | null;
  readonly query: z.ZodObject | null;
  readonly body: z.ZodType | null;
  readonly status: 200 | 201 | 202;
  readonly output: z.ZodType;
  /** Catalogue codes that this call may answer besides EMC-5001 and EMC-5999. */
  readonly errors: readonly string[];
  handle(request: FastifyRequest, services: ApiServices, reply: FastifyReply): Promise<unknown>;
}

interface Definition<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType>
  extends Omit<RestRoute, 'params' | 'query' | 'body' | 'handle' | 'errors'> {
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  readonly errors?: readonly string[];
  answer(call: {
    readonly params: z.infer<Params>;
    readonly query: z.infer<Query>;
    readonly body: z.infer<Body>;
    readonly services: ApiServices;
    readonly request: FastifyRequest;
    readonly reply: FastifyReply;
  }): Promise<unknown>;
}

const nothing = z.object({});

/** Checks the input at the edge; `answer` trusts what it gets. */
export function restRoute<
  Params extends z.ZodObject = typeof nothing,
  Query extends z.ZodObject = typeof nothing,
  Body extends z.ZodType = z.ZodUnknown,
>(definition: Definition<Params, Query, Body>): RestRoute {
  const { params = null, query = null, body = null, errors = [], answer, ...rest } = definition;
  return {
    ...rest,
    params,
    query,
    body,
    errors,
    handle: async (request, services, reply) =>
      answer({
        params: check(definition.params, request.params),
        query: check(definition.query, request.query),
        body: check(definition.body, request.body),
        services,
        request,
        reply,
      }),
  };
}

function check<Schema extends z.ZodType>(schema: Schema | undefined, value: unknown): z.infer<Schema> {
  // Without a schema nothing reads the value.
  if (schema === undefined) return {} as z.infer<Schema>;
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  throw inputError(result.error);
}
