import { z } from 'zod';
import { inputError } from './api-error.ts';
import type { Operation } from './operation.ts';

/** Where a REST request carries the fields of an operation's input. Null where it carries none of them. */
export interface RestInput {
  readonly params: z.ZodObject | null;
  readonly query: z.ZodObject | null;
  readonly body: z.ZodObject | null;
}

/** Fields that the path names come from the path; the others from the body of a POST, else from the query. */
export function restInputOf({ input, rest }: Operation): RestInput {
  const inPath = [...rest.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
  const params = inPath.length === 0 ? null : fieldsOf(input, (name) => inPath.includes(name));
  const others = fieldsOf(input, (name) => !inPath.includes(name));
  // The whole input keeps the checks that look at several fields.
  if (rest.method === 'POST')
    return { params, query: null, body: params === null ? input : z.strictObject(others.shape) };
  return { params, query: Object.keys(others.shape).length === 0 ? null : others, body: null };
}

function fieldsOf({ shape }: z.ZodObject, isWanted: (name: string) => boolean): z.ZodObject {
  return z.object(Object.fromEntries(Object.entries(shape).filter(([name]) => isWanted(name))));
}

/** The request's parts, as the server has split it. */
interface RequestParts {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** The operation's input; EMC-5001 with the fields at fault. */
export function readRestInput(parts: RestInput, request: RequestParts): Record<string, unknown> {
  return {
    ...check(parts.params, request.params),
    ...check(parts.query, request.query),
    ...check(parts.body, request.body),
  };
}

function check(schema: z.ZodObject | null, value: unknown): Record<string, unknown> {
  if (schema === null) return {};
  const result = schema.safeParse(value ?? {});
  if (result.success) return result.data;
  throw inputError(result.error);
}
