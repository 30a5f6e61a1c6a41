import { z } from 'zod';
import { inputError } from './api-error.ts';
import type { Operation } from './operation.ts';

/** The input fields of an operation by their place in the REST request. Null if there are none in that place. */
export interface RestInput {
  readonly params: z.ZodObject | null;
  readonly query: z.ZodObject | null;
  readonly body: z.ZodObject | null;
}

/** Path parameters come from the path. Other fields come from the body of a POST or PUT, otherwise from the query. */
export function restInputOf({ input, rest }: Operation): RestInput {
  const inPath = [...rest.path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
  const params = inPath.length === 0 ? null : fieldsOf(input, (name) => inPath.includes(name));
  const others = fieldsOf(input, (name) => !inPath.includes(name));
  // Use the whole input schema to keep its checks across fields.
  if (rest.method === 'POST' || rest.method === 'PUT')
    return { params, query: null, body: params === null ? input : z.strictObject(others.shape) };
  return { params, query: Object.keys(others.shape).length === 0 ? null : others, body: null };
}

function fieldsOf({ shape }: z.ZodObject, isWanted: (name: string) => boolean): z.ZodObject {
  return z.object(Object.fromEntries(Object.entries(shape).filter(([name]) => isWanted(name))));
}

/** The unvalidated parts of a request. */
interface RequestParts {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
}

/** Returns the operation's validated input. Throws EMC-5001 with the invalid fields. */
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
