import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { ErrorCode } from '@emcachers/core/error-codes';
import { asProblem } from './problem.ts';

interface SocketRefusal {
  readonly code: ErrorCode;
  /** Where it is more exact than that of the catalogue. */
  readonly status?: number;
  readonly detail: string;
}

const refusals: Readonly<Record<string, SocketRefusal>> = {
  ERR_HTTP_REQUEST_TIMEOUT: { code: 'EMC-7013', detail: 'The request did not arrive completely in time.' },
  HPE_HEADER_OVERFLOW: {
    code: 'EMC-7012',
    status: 431,
    detail: 'The address and the headers of the request are longer than 16 KB.',
  },
};
const unreadable: SocketRefusal = { code: 'EMC-7015', detail: 'The message is not a valid HTTP request.' };

/** Answers what Node cannot read as a request, so that no hook and no route sees it, and closes the connection. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const { code, status, detail } = refusals[error.code ?? ''] ?? unreadable;
  const correlationId = randomUUID();
  const problem = asProblem(new EmcachersError({ code, detail, cause: error }), correlationId);
  const sent = status ?? problem.status;
  const body = JSON.stringify({ ...problem, status: sent });
  socket.end(
    [
      `HTTP/1.1 ${sent} ${STATUS_CODES[sent] ?? ''}`,
      'content-type: application/problem+json',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-correlation-id: ${correlationId}`,
      'x-content-type-options: nosniff',
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  );
}
