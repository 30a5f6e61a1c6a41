import type { Problem } from '@emcachers/core/api-views';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { FastifyReply } from 'fastify';
import { describeError } from './api-error.ts';

/** A client error raised by Fastify, for example for a body that is not JSON. Its message is safe to return. */
interface RefusedByServer {
  readonly statusCode: number;
  readonly message: string;
}

/** Converts anything thrown in a request to an RFC 9457 problem document. */
export function asProblem(thrown: unknown, correlationId: string): Problem {
  const refused = isRefusedByServer(thrown) ? thrown : null;
  const described = describeError(translate(thrown, refused));
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

export async function sendProblem(reply: FastifyReply, problem: Problem): Promise<void> {
  await reply.code(problem.status).type('application/problem+json').send(problem);
}

function translate(thrown: unknown, refused: RefusedByServer | null): unknown {
  if (refused !== null)
    return new EmcachersError({
      code: 'EMC-5001',
      detail: refused.message,
      hint: 'Send a body of at most 1 MB that is valid JSON, with content-type: application/json.',
    });
  if (typeof thrown === 'object' && thrown !== null && 'notFound' in thrown)
    return new EmcachersError({ code: 'EMC-5011', detail: String(thrown.notFound) });
  return thrown;
}

function isRefusedByServer(thrown: unknown): thrown is RefusedByServer {
  if (!(thrown instanceof Error) || thrown instanceof EmcachersError) return false;
  if (!('statusCode' in thrown) || typeof thrown.statusCode !== 'number') return false;
  return thrown.statusCode >= 400 && thrown.statusCode < 500;
}
