import { randomUUID } from 'node:crypto';
import { type ErrorCode, errorCodes } from '@emcachers/core/error-codes';

/** An answer that the gateway gives itself, in the form in which tRPC's client reads the engine's own errors. */
function problem(code: ErrorCode, detail: string): Response {
  const { title, remedy, httpStatus } = errorCodes[code];
  const told = { emcCode: code, title, detail, hint: remedy, correlationId: randomUUID(), fields: [] };
  const data = { code: 'INTERNAL_SERVER_ERROR', httpStatus, ...told };
  const headers = { 'cache-control': 'no-store, no-transform' };
  return Response.json({ error: { message: detail, code: trpcInternalError, data } }, { status: httpStatus, headers });
}

/** tRPC's JSON-RPC number for errors that are not the caller's. */
const trpcInternalError = -32_603;

export function engineAway(engineUrl: string, cause: unknown): Response {
  const reason = cause instanceof Error && cause.cause instanceof Error ? ` (${cause.cause.message})` : '';
  return problem('EMC-5008', `The engine at ${engineUrl} does not answer${reason}.`);
}

export function originRefused(host: string): Response {
  return problem('EMC-5009', `A page opened by the name "${host}" may not use this console.`);
}
