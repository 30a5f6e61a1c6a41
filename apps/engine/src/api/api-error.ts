import { EmcachersError } from '@emcachers/core/emcachers-error';
import { type ErrorCode, errorCodes } from '@emcachers/core/error-codes';
import { TRPCError } from '@trpc/server';
import { z } from 'zod';

export interface FieldProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/**
 * An error as all surfaces present it: the catalogue's code, what happened, the next step and the invalid input fields.
 */
export interface ApiError {
  readonly code: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly hint: string;
  readonly fields: readonly FieldProblem[];
}

/**
 * Maps anything thrown in a request to an error of the catalogue. Unknown errors become EMC-5999 without their message,
 * which may contain secrets.
 */
export function describeError(thrown: unknown): ApiError {
  const error = thrown instanceof TRPCError ? (thrown.cause ?? thrown) : thrown;
  if (error instanceof EmcachersError)
    return { ...fromCatalogue(error.code), detail: error.detail, hint: error.hint, fields: error.fields };
  if (error instanceof z.ZodError) return fromZod(error);
  return thrown instanceof TRPCError ? fromTrpc(thrown) : unexpected();
}

/** EMC-5001 with the invalid fields, for inputs that zod has parsed outside tRPC. */
export function inputError(error: z.ZodError): EmcachersError {
  const { detail, fields } = fromZod(error);
  return new EmcachersError({ code: 'EMC-5001', detail, fields, cause: error });
}

function fromCatalogue(code: ErrorCode): Omit<ApiError, 'detail' | 'fields'> {
  const entry = errorCodes[code];
  return { code, title: entry.title, status: entry.httpStatus, hint: entry.remedy };
}

function fromZod(error: z.ZodError): ApiError {
  const fields = error.issues.map((issue) => ({
    path: issue.path.map((segment) => (typeof segment === 'symbol' ? String(segment) : segment)),
    message: issue.message,
  }));
  const named = fields.map((field) => `${field.path.join('.') || 'input'}: ${field.message}`);
  return { ...fromCatalogue('EMC-5001'), detail: named.slice(0, 5).join(' '), fields };
}

/** What tRPC itself refuses. Its messages about the request are safe to return. */
const codesOfTrpc: Partial<Record<TRPCError['code'], ErrorCode>> = {
  PARSE_ERROR: 'EMC-7015',
  BAD_REQUEST: 'EMC-5001',
  NOT_FOUND: 'EMC-5011',
  METHOD_NOT_SUPPORTED: 'EMC-7010',
  UNSUPPORTED_MEDIA_TYPE: 'EMC-7011',
  PAYLOAD_TOO_LARGE: 'EMC-7012',
};

function fromTrpc(error: TRPCError): ApiError {
  const code = codesOfTrpc[error.code];
  if (code === undefined) return unexpected();
  return { ...fromCatalogue(code), detail: error.message, fields: [] };
}

function unexpected(): ApiError {
  return { ...fromCatalogue('EMC-5999'), detail: 'The request failed with an unexpected error.', fields: [] };
}

const trpcCodes: Readonly<Record<number, TRPCError['code']>> = {
  400: 'BAD_REQUEST',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_SUPPORTED',
  408: 'TIMEOUT',
  409: 'CONFLICT',
  413: 'PAYLOAD_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
  422: 'UNPROCESSABLE_CONTENT',
  429: 'TOO_MANY_REQUESTS',
  501: 'NOT_IMPLEMENTED',
  503: 'SERVICE_UNAVAILABLE',
  504: 'GATEWAY_TIMEOUT',
};

/** tRPC's code for an HTTP status of the catalogue. */
export function trpcCodeOf(status: number): TRPCError['code'] {
  return trpcCodes[status] ?? 'INTERNAL_SERVER_ERROR';
}
