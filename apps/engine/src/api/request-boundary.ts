import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type AllowedMethods, recordMethods } from './allowed-methods.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { MethodRefusal } from './method-refusal.ts';

/**
 * Refuses what no operation could read, before the body is received: an address that is not percent-encoded text, a path or method that
 * does not exist, a body that is not JSON, an Idempotency-Key that is none. It comes after the access rules, so that a stranger does not learn which routes exist.
 * Call it before any route is registered. `hasOperations`: the node has the role `api`.
 */
export function guardRequests(app: FastifyInstance, { hasOperations }: { readonly hasOperations: boolean }): void {
  const allowedMethods = recordMethods(app);
  // Without this, a text body would reach an operation as a string.
  app.removeContentTypeParser('text/plain');
  app.addHook('onRequest', async (request) => {
    requireReadableAddress(request);
    requireRoute(request, allowedMethods, hasOperations);
    requireJson(request);
    idempotencyKeyOf(request.headers);
  });
}

/** For `/trpc`: tRPC reads JSON only when a procedure asks for its input, and takes a syntax error for an internal one. */
export function guardTrpcInput(app: FastifyInstance): void {
  app.addHook('preValidation', async ({ body, query }) => {
    if (typeof body === 'string' && body !== '') requireJsonText(body, 'The body');
    for (const name of ['input', 'connectionParams']) {
      const text = parameterOf(query, name);
      if (text !== null) requireJsonText(text, `The query parameter ${name}`);
    }
  });
}

function requireReadableAddress({ url }: FastifyRequest): void {
  try {
    decodeURIComponent(url);
  } catch (cause) {
    throw new EmcachersError({
      code: 'EMC-7015',
      detail: 'The address of the request is not valid percent-encoded UTF-8.',
      hint: 'Encode each name in the address, for example with encodeURIComponent.',
      cause,
    });
  }
}

function requireRoute(request: FastifyRequest, allowedMethods: AllowedMethods, hasOperations: boolean): void {
  const path = request.url.split('?')[0] ?? '';
  const allowed = allowedMethods(path);
  const { method } = request;
  if (request.is404 && allowed.length === 0 && !hasOperations) throw withoutRole();
  if (request.is404 && allowed.length === 0)
    throw new EmcachersError({ code: 'EMC-5011', detail: `There is no route ${method} ${path}.` });
  if (allowed.length > 0 && !allowed.includes(method)) throw new MethodRefusal({ method, path, allowed });
}

function withoutRole(): EmcachersError {
  return new EmcachersError({
    code: 'EMC-5011',
    detail: 'This node does not have the role api: it answers /healthz, /readyz, /health and /metrics only.',
    hint: 'Call a node that has the role, or add api to EMCACHERS_ROLES of this one.',
  });
}

function requireJson({ headers }: FastifyRequest): void {
  const hasBody = headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0';
  const type = headers['content-type'];
  if (!hasBody || (type !== undefined && /^application\/json *(?:;|$)/i.test(type))) return;
  throw new EmcachersError({
    code: 'EMC-7011',
    detail: `The content type of the body is ${type === undefined ? 'missing' : `"${type}"`}.`,
  });
}

function requireJsonText(text: string, place: string): void {
  try {
    JSON.parse(text);
  } catch (cause) {
    throw unreadableJson(place, cause);
  }
}

function unreadableJson(place: string, cause: unknown): EmcachersError {
  const reason = cause instanceof Error ? `: ${cause.message}` : '';
  return new EmcachersError({ code: 'EMC-7015', detail: `${place} is not valid JSON${reason}.`, cause });
}

function parameterOf(query: unknown, name: string): string | null {
  if (typeof query !== 'object' || query === null) return null;
  const value: unknown = Object.entries(query).find(([key]) => key === name)?.[1];
  return typeof value === 'string' ? value : null;
}
