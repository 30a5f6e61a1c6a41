import { EmcachersError } from '@emcachers/core/emcachers-error';

/**
 * What an error of PostgreSQL means for the caller, by SQLSTATE (PostgreSQL manual, appendix A).
 * `again`: the transaction was undone by the server and may be run again as it is.
 * `away`: the server cannot be reached or cannot work now; whether a commit under way happened is unknown.
 */
type ErrorClass = 'again' | 'away';

const classBySqlState: ReadonlyMap<string, ErrorClass> = new Map([
  ['40001', 'again'], // serialization_failure
  ['40P01', 'again'], // deadlock_detected
  ['55P03', 'again'], // lock_not_available
  ['25P03', 'away'], // idle_in_transaction_session_timeout
  ['28P01', 'away'], // invalid_password
  ['28000', 'away'], // invalid_authorization_specification
  ['3D000', 'away'], // invalid_catalog_name: the database does not exist
  ['53100', 'away'], // disk_full
  ['53200', 'away'], // out_of_memory
  ['53300', 'away'], // too_many_connections
  ['57014', 'away'], // query_canceled, here by a timeout
  ['57P01', 'away'], // admin_shutdown
  ['57P02', 'away'], // crash_shutdown
  ['57P03', 'away'], // cannot_connect_now
  ['57P05', 'away'], // idle_session_timeout
  ['58030', 'away'], // io_error
]);

/** The driver's own errors carry no SQLSTATE, only these words. */
const driverWords =
  /Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Query read timeout|not queryable/;

/** Prisma's words for the same: P1xxx the server is not there or closed the connection, P2024 and P2037 no connection is free. */
const prismaAway = /^P(1\d{3}|2024|2037)$/;

export function mayRunAgain(error: unknown): boolean {
  return classBySqlState.get(sqlState(error) ?? '') === 'again';
}

/** EMC-3001 for a server that is away; everything else unchanged. */
export function toDatabaseError(error: unknown): unknown {
  return error instanceof EmcachersError || !isAway(error) ? error : connectionError(error);
}

/** EMC-3001. The address is left out of its words: it may carry a password. */
export function connectionError(cause: unknown): EmcachersError {
  return new EmcachersError({
    code: 'EMC-3001',
    detail: `The server that DATABASE_URL names does not answer: ${words(cause)}`,
    cause,
  });
}

function isAway(error: unknown): boolean {
  if (prismaAway.test(codeOf(error) ?? '')) return true;
  const state = sqlState(error);
  if (state !== null) return state.startsWith('08') || classBySqlState.get(state) === 'away';
  if (error instanceof AggregateError) return error.errors.some(isAway);
  if (!(error instanceof Error)) return false;
  return 'syscall' in error || driverWords.test(error.message);
}

function sqlState(error: unknown): string | null {
  const code = codeOf(error);
  return code !== null && /^[0-9A-Z]{5}$/.test(code) ? code : null;
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

function words(error: unknown): string {
  return error instanceof AggregateError ? error.errors.map(words).join('; ') : String(error);
}
