import { randomUUID } from 'node:crypto';
import type { Log } from '@emcachers/core/log';
import { type FastifyTRPCPluginOptions, fastifyTRPCPlugin } from '@trpc/server/adapters/fastify';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Metrics } from '../observability/metrics.ts';
import type { ServiceState } from '../runtime/supervisor.ts';
import { type AccessRules, refuseAccess } from './access.ts';
import type { ApiContext, ApiServices } from './api-context.ts';
import { describeError } from './api-error.ts';
import { registerHealthRoutes } from './health-routes.ts';
import { asProblem, sendProblem } from './problem.ts';
import { registerRest } from './rest.ts';
import { type AppRouter, appRouter } from './router.ts';

/**
 * The engine's HTTP server: tRPC for the console, REST with an OpenAPI document for other clients, health and metrics.
 * tRPC and REST use the same services. Worst case: a client never reads. Its stream skips views (`live-messages.ts`),
 * and its socket is closed with the server.
 */
export interface ApiServerDependencies {
  readonly services: ApiServices;
  readonly access: AccessRules;
  readonly metrics: Metrics;
  readonly serviceStates: () => readonly ServiceState[];
  readonly log: Log;
  readonly limits: ApiLimits;
}

export interface ApiLimits {
  /** Largest body of a request. */
  readonly bodyBytesMax: number;
  /** Maximum time to receive a whole request, milliseconds. */
  readonly requestMsMax: number;
}

/** A batch of tRPC calls has the names of all its procedures in the path. */
const pathParameterCharsMax = 4_096;

export async function createApiServer(dependencies: ApiServerDependencies): Promise<FastifyInstance> {
  const app = fastify({
    logger: false,
    bodyLimit: dependencies.limits.bodyBytesMax,
    requestTimeout: dependencies.limits.requestMsMax,
    // The services' signal ends streams before the close; connections still open after that are closed by force.
    forceCloseConnections: true,
    routerOptions: { maxParamLength: pathParameterCharsMax },
    genReqId: () => randomUUID(),
  });
  guard(app, dependencies.access);
  app.addHook('onSend', async (request, reply) => {
    reply.header('x-correlation-id', request.id);
    reply.header('x-content-type-options', 'nosniff');
  });
  reportProblems(app, dependencies.log);
  registerHealthRoutes(app, dependencies);
  const { services, log } = dependencies;
  const contextOf = ({ id }: FastifyRequest): ApiContext => ({ services, log, correlationId: id });
  registerRest(app, { contextOf });
  await app.register(fastifyTRPCPlugin, { prefix: '/trpc', trpcOptions: trpcOptions(contextOf, log) });
  return app;
}

function trpcOptions(
  contextOf: (request: FastifyRequest) => ApiContext,
  log: Log,
): FastifyTRPCPluginOptions<AppRouter>['trpcOptions'] {
  return {
    router: appRouter,
    createContext: ({ req }) => contextOf(req),
    onError({ error, path, ctx }) {
      const { status, code } = describeError(error);
      if (status >= 500 && code === 'EMC-5999')
        log.error({ err: error, path, correlationId: ctx?.correlationId }, 'Call failed with an unexpected error.');
    },
  };
}

/** Rejects requests that the access rules do not allow, and sends the CORS headers that the console needs. */
function guard(app: FastifyInstance, rules: AccessRules): void {
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    const isPreflight = request.method === 'OPTIONS';
    // A browser sends no token with a preflight.
    const refusal = refusalOf(request, isPreflight ? { ...rules, token: null } : rules);
    if (refusal !== null) throw refusal;
    if (origin === undefined) return;
    reply.header('access-control-allow-origin', origin).header('vary', 'origin');
    reply.header('access-control-expose-headers', 'x-correlation-id, location');
    if (!isPreflight) return;
    return reply
      .header('access-control-allow-methods', 'GET, POST, DELETE')
      .header(
        'access-control-allow-headers',
        'content-type, authorization, idempotency-key, last-event-id, trpc-accept',
      )
      .header('access-control-max-age', '600')
      .code(204)
      .send();
  });
}

function refusalOf(request: FastifyRequest, rules: AccessRules): ReturnType<typeof refuseAccess> {
  const { host, origin, authorization } = request.headers;
  return refuseAccess({ path: request.routeOptions.url ?? request.url, host, origin, authorization }, rules);
}

function reportProblems(app: FastifyInstance, log: Log): void {
  app.setErrorHandler(async (error, request, reply) => {
    const problem = asProblem(error, request.id);
    if (problem.code === 'EMC-5999')
      log.error(
        { err: error, path: request.url, correlationId: request.id },
        'Request failed with an unexpected error.',
      );
    await sendProblem(reply, problem);
  });
  app.setNotFoundHandler(async (request, reply) => {
    const detail = `There is no route ${request.method} ${request.url.split('?')[0] ?? ''}.`;
    await sendProblem(reply, asProblem({ notFound: detail }, request.id));
  });
}
