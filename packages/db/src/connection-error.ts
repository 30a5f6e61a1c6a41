import { EmcachersError } from '@emcachers/core/emcachers-error';

/** EMC-3001 for a connection that could not be made. The address is left out: it may carry a password. */
export function connectionError(cause: unknown): EmcachersError {
  const words = cause instanceof AggregateError ? cause.errors.map(String).join('; ') : String(cause);
  return new EmcachersError({
    code: 'EMC-3001',
    detail: `No connection to the server that DATABASE_URL names: ${words}`,
    cause,
  });
}
