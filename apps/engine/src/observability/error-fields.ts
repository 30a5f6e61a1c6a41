import { EmcachersError } from '@emcachers/core/emcachers-error';

/** An error as a log line has it. */
export interface ErrorFields {
  readonly type: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly [field: string]: unknown;
}

/** Fields of drivers' errors that name a place or a code and never contain data. */
const safeFields = [
  'code',
  'codeName',
  'errno',
  'syscall',
  'severity',
  'schema',
  'table',
  'column',
  'constraint',
] as const;
const causesMax = 10;

/**
 * The fields of an error and its causes. Other fields are left out: drivers attach connections with their secrets, whole commands, and
 * rows with the values of documents. Anything else that was thrown stays as it is.
 */
export function errorFields(thrown: unknown): unknown {
  return thrown instanceof Error ? fieldsOf(thrown, causesMax) : thrown;
}

function fieldsOf(error: Error, causesLeft: number): ErrorFields {
  const { message, stack, cause } = error;
  const own = Object.entries(error).filter(([name]) => safeFields.some((field) => field === name));
  const { detail, hint } = error instanceof EmcachersError ? error : { detail: undefined, hint: undefined };
  const { errors } = error instanceof AggregateError ? error : { errors: undefined };
  const nested = (value: unknown): unknown =>
    value instanceof Error && causesLeft > 0 ? fieldsOf(value, causesLeft - 1) : undefined;
  return {
    ...{ type: error.constructor.name, message, stack },
    ...Object.fromEntries(own),
    ...(detail === undefined ? {} : { detail, hint }),
    ...(errors === undefined ? {} : { errors: errors.slice(0, causesMax).map(nested) }),
    ...(cause === undefined ? {} : { cause: nested(cause) ?? String(cause) }),
  };
}
