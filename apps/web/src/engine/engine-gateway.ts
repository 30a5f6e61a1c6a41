import { isSignedIn } from '../access/session.ts';
import type { ConsoleEnvironment } from '../env.ts';
import { createAnswerDeadline } from './answer-deadline.ts';
import { engineAway, engineLate } from './gateway-problem.ts';

/**
 * Forwards the console's API calls to the engine, so that the browser needs one address only. Bodies are streamed in
 * both directions; event streams are not buffered (`no-transform` disables compression). If either side closes the
 * connection, the other side's is closed too. It adds the engine's token for a browser that has signed in; `proxy.ts` has
 * refused requests of other sites before. The gateway keeps no state. Worst case: a call is refused, with the
 * reason, or ends at its deadline although the engine would still have answered.
 */
export interface GatewayCall {
  readonly request: Request;
  /** Path of the procedure below `/trpc/`, already encoded. */
  readonly procedure: string;
  readonly environment: ConsoleEnvironment;
  readonly fetch: typeof globalThis.fetch;
  /** Default: `answerMsMaxOf`. */
  readonly answerMsMax?: number;
}

/** The engine answers from memory and PostgreSQL, and writes to an event stream once a second. */
const answerMsMaxUsual = 10_000;
/** Calls that read the source, and calls that change something: those must not end while they may still succeed. */
const answerMsMaxSlow = 30_000;

function answerMsMaxOf({ request, procedure }: GatewayCall): number {
  return request.method === 'GET' && !procedure.includes('sources.') ? answerMsMaxUsual : answerMsMaxSlow;
}

/** Request headers that are forwarded to the engine; cookies and all others are not. */
const headersPassedOn = [
  'accept',
  'content-type',
  'idempotency-key',
  'origin',
  'last-event-id',
  'trpc-accept',
  'x-trpc-source',
] as const;
const headersPassedBack = [
  'allow',
  'content-type',
  'idempotency-replayed',
  'retry-after',
  'vary',
  'trpc-accept',
] as const;

export async function passToEngine(call: GatewayCall): Promise<Response> {
  const { request, environment } = call;
  const answerMsMax = call.answerMsMax ?? answerMsMaxOf(call);
  const deadline = createAnswerDeadline(request.signal, answerMsMax);
  try {
    const answer = await forward(call, deadline.signal);
    return new Response(deadline.follow(answer.body), { status: answer.status, headers: headersBack(answer) });
  } catch (error) {
    deadline.end();
    if (request.signal.aborted) return new Response(null, { status: 499 });
    if (deadline.hasPassed()) return engineLate(environment.engineUrl, answerMsMax);
    return engineAway(environment.engineUrl, error);
  }
}

function forward(call: GatewayCall, signal: AbortSignal): Promise<Response> {
  const { request, procedure, environment } = call;
  const hasBody = request.method !== 'GET' && request.body !== null;
  return call.fetch(`${environment.engineUrl}/trpc/${procedure}${new URL(request.url).search}`, {
    method: request.method,
    headers: headersFor(call),
    signal,
    cache: 'no-store',
    redirect: 'manual',
    ...(hasBody ? { body: request.body, duplex: 'half' } : {}),
  });
}

function headersFor({ request, environment }: GatewayCall): Headers {
  const headers = new Headers();
  for (const name of headersPassedOn) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  if (environment.token !== null && isSignedIn(environment, request.headers.get('cookie'), Date.now()))
    headers.set('authorization', `Bearer ${environment.token}`);
  return headers;
}

function headersBack(answer: Response): Headers {
  const headers = new Headers({ 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' });
  for (const name of headersPassedBack) {
    const value = answer.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  return headers;
}
