import type { Problem } from '@emcachers/core/api-views';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { ErrorCode } from '@emcachers/core/error-codes';
import type { FastifyReply } from 'fastify';
import { describeError } from './api-error.ts';
import { MethodRefusal } from './method-refusal.ts';

/** An error raised by Fastify, for example for a body that is not JSON. Its message is safe to return. */
interface RefusedByServer extends Error {
  readonly statusCode: number;
  readonly code: string;
}

/** Converts anything thrown in a request to an RFC 9457 problem document. */
export function asProblem(thrown: unknown, correlationId: string): Problem {
  const refused = isRefusedByServer(thrown) ? thrown : null;
  const described = describeError(refused === null ? thrown : inCatalogue(refused));
  return {
    // Links to the error catalogue on the engine's reference page.
    type: `/api/docs#${described.code}`,
    title: described.title,
    status: refused?.statusCode ?? described.status,
    code: described.code,
    detail: described.detail,
    hint: described.hint,
    correlationId,
    ...(described.fields.length === 0
      ? {}
      : { errors: described.fields.map(({ path, message }) => ({ path: [...path], message })) }),
  };
}

/** What every answer has. */
export function setOwnHeaders(reply: FastifyReply): void {
  reply.header('x-correlation-id', reply.request.id).header('x-content-type-options', 'nosniff');
}

/** Sends the problem with the headers that its status needs. */
export async function sendProblem(reply: FastifyReply, thrown: unknown): Promise<Problem> {
  const problem = asProblem(thrown, reply.request.id);
  // For an error without hooks.
  setOwnHeaders(reply);
  if (thrown instanceof MethodRefusal) reply.header('allow', thrown.allowed.join(', '));
  if (problem.status === 401) reply.header('www-authenticate', 'Bearer realm="EMCachers"');
  await reply.code(problem.status).type('application/problem+json').send(problem);
  return problem;
}

/** Fastify's codes for what is not a matter of JSON or HTTP syntax. */
const codesOfFastify: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'EMC-7011',
  FST_ERR_CTP_BODY_TOO_LARGE: 'EMC-7012',
  FST_ERR_MAX_PARAM_LENGTH: 'EMC-7012',
};

function inCatalogue(refused: RefusedByServer): EmcachersError {
  const code = codesOfFastify[refused.code] ?? 'EMC-7015';
  return new EmcachersError({ code, detail: refused.message, cause: refused });
}

function isRefusedByServer(thrown: unknown): thrown is RefusedByServer {
  if (!(thrown instanceof Error) || thrown instanceof EmcachersError) return false;
  if (!('statusCode' in thrown) || typeof thrown.statusCode !== 'number') return false;
  if (!('code' in thrown) || typeof thrown.code !== 'string') return false;
  return thrown.statusCode >= 400 && thrown.statusCode < 500;
}
