import { requestSiteOf } from '@emcachers/core/request-site';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type AccessRules, refuseAccess } from './access.ts';

/**
 * The first hook of every request, also of one that no route answers: rejects what the access rules do not allow, and sends the CORS headers
 * that the console needs.
 */
export function guardAccess(app: FastifyInstance, rules: AccessRules): void {
  app.addHook('onRequest', async (request, reply) => {
    const isPreflight = request.method === 'OPTIONS' && request.headers.origin !== undefined;
    // A browser sends no token with a preflight.
    requireAccess(request, isPreflight ? { ...rules, token: null } : rules);
    const { origin } = request.headers;
    if (origin === undefined) return;
    reply.header('access-control-allow-origin', origin).header('vary', 'origin');
    reply.header('access-control-expose-headers', 'x-correlation-id, location, retry-after, idempotency-replayed');
    if (isPreflight) return answerPreflight(reply);
  });
}

/** Throws EMC-5006 or EMC-5009. */
export function requireAccess(request: FastifyRequest, rules: AccessRules): void {
  const site = requestSiteOf(request.method, (name) => headerOf(request, name));
  const path = request.routeOptions.url ?? request.url;
  const refusal = refuseAccess({ path, site, authorization: request.headers.authorization }, rules);
  if (refusal !== null) throw refusal;
}

/** A header that is sent twice has no value that we know. */
function headerOf({ headers }: FastifyRequest, name: string): string | null {
  const value = headers[name];
  return Array.isArray(value) ? value.join() : (value ?? null);
}

function answerPreflight(reply: FastifyReply): FastifyReply {
  return reply
    .header('access-control-allow-methods', 'GET, POST, PUT, DELETE')
    .header('access-control-allow-headers', 'content-type, authorization, idempotency-key, last-event-id, trpc-accept')
    .header('access-control-max-age', '600')
    .code(204)
    .send();
}
