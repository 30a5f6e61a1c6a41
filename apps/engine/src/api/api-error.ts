import { EmcachersError } from '@emcachers/core/emcachers-error';
import { errorCodes } from '@emcachers/core/error-codes';
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
  const error = thrown instanceof TRPCError && thrown.cause !== undefined ? thrown.cause : thrown;
  if (error instanceof EmcachersError)
    return { ...fromCatalogue(error.code), detail: error.detail, hint: error.hint, fields: error.fields };
  if (error instanceof z.ZodError) return fromZod(error);
  if (error instanceof TRPCError) return fromTrpc(error);
  return { ...fromCatalogue('EMC-5999'), detail: 'The request failed with an unexpected error.', fields: [] };
}

/** EMC-5001 with the invalid fields, for inputs that zod has parsed outside tRPC. */
export function inputError(error: z.ZodError): EmcachersError {
  const { detail, fields } = fromZod(error);
  return new EmcachersError({ code: 'EMC-5001', detail, fields, cause: error });
}

function fromCatalogue(code: keyof typeof errorCodes): Omit<ApiError, 'detail' | 'fields'> {
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

function fromTrpc(error: TRPCError): ApiError {
  if (error.code === 'INTERNAL_SERVER_ERROR')
    return { ...fromCatalogue('EMC-5999'), detail: 'The request failed with an unexpected error.', fields: [] };
  return { ...fromCatalogue('EMC-5001'), detail: error.message, fields: [] };
}

/** tRPC's code for an HTTP status of the catalogue. */
export function trpcCodeOf(status: number): TRPCError['code'] {
  switch (status) {
    case 400:
      return 'BAD_REQUEST';
    case 401:
      return 'UNAUTHORIZED';
    case 403:
      return 'FORBIDDEN';
    case 404:
      return 'NOT_FOUND';
    case 409:
      return 'CONFLICT';
    case 422:
      return 'UNPROCESSABLE_CONTENT';
    case 501:
      return 'NOT_IMPLEMENTED';
    case 503:
      return 'SERVICE_UNAVAILABLE';
    case 504:
      return 'GATEWAY_TIMEOUT';
    default:
      return 'INTERNAL_SERVER_ERROR';
  }
}
