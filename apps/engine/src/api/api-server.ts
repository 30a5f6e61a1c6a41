import { randomUUID } from 'node:crypto';
import type { ServerOptions } from 'node:http';
import type { Log } from '@emcachers/core/log';
import { type FastifyTRPCPluginOptions, fastifyTRPCPlugin } from '@trpc/server/adapters/fastify';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Metrics } from '../observability/metrics.ts';
import type { ServiceState } from '../runtime/supervisor.ts';
import type { AccessRules } from './access.ts';
import { guardAccess, requireAccess } from './access-guard.ts';
import type { ApiContext, ApiServices } from './api-context.ts';
import { type ApiError, describeError } from './api-error.ts';
import { registerHealthRoutes } from './health-routes.ts';
import { idempotencyKeyOf } from './idempotency-key.ts';
import { sendProblem, setOwnHeaders } from './problem.ts';
import { guardRequests, guardTrpcInput } from './request-boundary.ts';
import { registerRest } from './rest.ts';
import { type AppRouter, appRouter } from './router.ts';
import { answerClientError } from './socket-problem.ts';

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
  /** Without operations the server answers health and metrics only, which every node needs. */
  readonly hasOperations: boolean;
}

export interface ApiLimits {
  /** Largest body of a request. */
  readonly bodyBytesMax: number;
  /** Maximum time to receive a whole request, milliseconds. */
  readonly requestMsMax: number;
}

/** A batch of tRPC calls has the names of all its procedures in the path. */
const pathParameterCharsMax = 4_096;

/** How often Node looks for requests that take too long. Its default, 30 s, would add that time to the limit. */
const slownessCheckMs = 1_000;

export async function createApiServer(dependencies: ApiServerDependencies): Promise<FastifyInstance> {
  const { access, limits, log, services } = dependencies;
  const answer = problemAnswer(log);
  const app = fastify({
    logger: false,
    http: httpOptions(limits),
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => void answer(unroutable(error, request, access), request, reply),
    bodyLimit: limits.bodyBytesMax,
    requestTimeout: limits.requestMsMax,
    // The services' signal ends streams before the close; connections still open after that are closed by force.
    forceCloseConnections: true,
    routerOptions: { maxParamLength: pathParameterCharsMax },
    genReqId: () => randomUUID(),
  });
  // An expectation that we do not know is ignored (RFC 9110, 10.1.1); Node would refuse it with an empty answer.
  app.server.on('checkExpectation', (request, response) => app.server.emit('request', request, response));
  guardAccess(app, access);
  guardRequests(app, dependencies);
  app.addHook('onSend', async (_request, reply) => setOwnHeaders(reply));
  app.setErrorHandler(answer);
  registerHealthRoutes(app, dependencies);
  if (dependencies.hasOperations) await registerOperations(app, { services, log });
  return app;
}

async function registerOperations(
  app: FastifyInstance,
  { services, log }: Pick<ApiServerDependencies, 'services' | 'log'>,
): Promise<void> {
  const contextOf = (request: FastifyRequest): ApiContext => ({
    services,
    log,
    correlationId: request.id,
    idempotencyKey: idempotencyKeyOf(request.headers),
  });
  registerRest(app, { contextOf });
  await app.register(async (scope) => {
    guardTrpcInput(scope);
    await scope.register(fastifyTRPCPlugin, { prefix: '/trpc', trpcOptions: trpcOptions(contextOf, log) });
  });
}

function httpOptions({ requestMsMax }: ApiLimits): ServerOptions {
  return {
    // A request without a Host header gets our answer instead of an empty one of Node.
    requireHostHeader: false,
    connectionsCheckingInterval: slownessCheckMs,
    requestTimeout: requestMsMax,
    // Node takes the larger of the two for the whole request, and its own limit for headers is 60 s.
    headersTimeout: requestMsMax,
  };
}

/** A path that Fastify cannot route reaches no hook: the access rules come first here too. */
function unroutable(error: unknown, request: FastifyRequest, rules: AccessRules): unknown {
  try {
    requireAccess(request, rules);
    return error;
  } catch (refusal) {
    return refusal;
  }
}

function trpcOptions(
  contextOf: (request: FastifyRequest) => ApiContext,
  log: Log,
): FastifyTRPCPluginOptions<AppRouter>['trpcOptions'] {
  return {
    router: appRouter,
    createContext: ({ req }) => contextOf(req),
    responseMeta: ({ errors, type }) =>
      errors.some(({ code }) => code === 'METHOD_NOT_SUPPORTED')
        ? { headers: { allow: type === 'mutation' ? 'POST' : 'GET' } }
        : {},
    onError({ error, path, ctx }) {
      logProblem(log, describeError(error), { err: error, path, correlationId: ctx?.correlationId });
    },
  };
}

type ProblemAnswer = (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => Promise<void>;

function problemAnswer(log: Log): ProblemAnswer {
  return async (thrown, request, reply) => {
    const problem = await sendProblem(reply, thrown);
    logProblem(log, problem, { err: thrown, path: request.url, correlationId: request.id });
  };
}

/** What a client does wrong is no error of the engine. */
function logProblem(
  log: Log,
  { code, status, detail }: Pick<ApiError, 'code' | 'status' | 'detail'>,
  facts: object,
): void {
  if (code === 'EMC-5999') log.error(facts, 'Request failed with an unexpected error.');
  else if (status < 500) log.debug({ ...facts, err: undefined, code, detail }, 'Request refused.');
}
