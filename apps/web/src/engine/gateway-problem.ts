import { randomUUID } from 'node:crypto';
import { type ErrorCode, errorCodes } from '@emcachers/core/error-codes';
import { sessionScheme } from '../access/sign-in-again.ts';

/** An error answer of the gateway itself, in the format of the engine's tRPC errors. */
function problem(code: ErrorCode, detail: string): Response {
  const { title, remedy, httpStatus } = errorCodes[code];
  const details = { emcCode: code, title, detail, hint: remedy, correlationId: randomUUID(), fields: [] };
  const data = { code: 'INTERNAL_SERVER_ERROR', httpStatus, ...details };
  const headers = { 'cache-control': 'no-store, no-transform' };
  return Response.json({ error: { message: detail, code: trpcInternalError, data } }, { status: httpStatus, headers });
}

/** The JSON-RPC number that tRPC uses for internal errors. */
const trpcInternalError = -32_603;

export function engineAway(engineUrl: string, cause: unknown): Response {
  const reason = cause instanceof Error && cause.cause instanceof Error ? ` (${cause.cause.message})` : '';
  return problem('EMC-5008', `The engine at ${engineUrl} does not answer${reason}.`);
}

/** The engine accepted the connection and did not answer: it is frozen, or waits for a database. */
export function engineLate(engineUrl: string, answerMsMax: number): Response {
  return problem('EMC-5008', `The engine at ${engineUrl} has not answered within ${answerMsMax / 1_000} s.`);
}

/** The answer does not repeat the foreign name. */
export function originRefused(): Response {
  return problem('EMC-5009', 'The request came from another site, or under a host name that is not the console’s.');
}

export function signInRequired(): Response {
  const answer = problem('EMC-5006', 'This browser has not signed in to the console, or its session has ended.');
  answer.headers.set('www-authenticate', sessionScheme);
  return answer;
}
