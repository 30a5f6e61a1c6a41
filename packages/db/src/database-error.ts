import { EmcachersError } from '@emcachers/core/emcachers-error';
import { isSocketError } from '@emcachers/core/socket-error';
import { z } from 'zod';

/**
 * How a caller must react to a PostgreSQL error, by SQLSTATE (PostgreSQL manual, appendix A).
 * `again`: the server rolled the transaction back; it can be retried unchanged.
 * `away`: the server is unreachable or unable to work; whether a pending commit succeeded is unknown.
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
  ['57014', 'away'], // query_canceled, in our case by a timeout
  ['57P01', 'away'], // admin_shutdown
  ['57P02', 'away'], // crash_shutdown
  ['57P03', 'away'], // cannot_connect_now
  ['57P05', 'away'], // idle_session_timeout
  ['58030', 'away'], // io_error
]);

/** The driver's own errors have no SQLSTATE, only these messages. */
const driverWords =
  /Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect|Query read timeout|not queryable|Cannot use a pool after calling end/;

/** The same conditions in Prisma: P1xxx the server is unreachable or closed the connection, P2024 and P2037 no free connection. */
const prismaAway = /^P(1\d{3}|2024|2037)$/;

/** True if the transaction was rolled back because of a concurrent one: a deadlock, a serialization failure, or a lock that was not free. */
export function mayRunAgain(error: unknown): boolean {
  return classBySqlState.get(sqlState(error) ?? '') === 'again';
}

/**
 * True if PostgreSQL, or the making of the text that it is sent, refused the content of some row: SQLSTATE classes 22 (data), 23
 * (constraint) and 54 (limit exceeded), XX000 (for example an allocation above 1 GB), and V8's limit on the length of a text.
 * The rows without that one can be stored.
 */
export function isRowRefused(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== null) return /^(?:22|23|54)/.test(state) || state === 'XX000';
  return error instanceof RangeError || codeOf(error) === 'ERR_STRING_TOO_LONG';
}

/** Turns errors of class `away` into EMC-3001, a refused epoch into EMC-3002; returns any other error unchanged. */
export function toDatabaseError(error: unknown): unknown {
  if (error instanceof EmcachersError) return error;
  if (error instanceof Error && sqlState(error) === epochSuperseded)
    return new EmcachersError({ code: 'EMC-3002', detail: error.message, cause: error });
  return isAway(error) ? connectionError(error) : error;
}

/** Raised by require_epoch and hold_epoch (migration 0003). */
const epochSuperseded = 'EM002';

/** EMC-3001. The message omits the address, which may contain a password. */
export function connectionError(cause: unknown): EmcachersError {
  return new EmcachersError({
    code: 'EMC-3001',
    detail: `The server at DATABASE_URL is not responding: ${words(cause)}`,
    cause,
  });
}

function isAway(error: unknown): boolean {
  if (prismaAway.test(codeOf(error) ?? '')) return true;
  const state = sqlState(error);
  if (state !== null) return state.startsWith('08') || classBySqlState.get(state) === 'away';
  if (error instanceof AggregateError) return error.errors.some(isAway);
  if (!(error instanceof Error)) return false;
  return isSystemError(error) || driverWords.test(error.message);
}

/** Null for an error that PostgreSQL did not send. Some codes of the operating system, such as EPIPE, have the same form. */
function sqlState(error: unknown): string | null {
  if (isSystemError(error)) return null;
  const code = prismaCause(error) ?? codeOf(error);
  return code !== null && /^[0-9A-Z]{5}$/.test(code) ? code : null;
}

const prismaErrorSchema = z.object({
  meta: z.object({ driverAdapterError: z.object({ cause: z.object({ originalCode: z.string() }) }) }),
});

/** The SQLSTATE that Prisma keeps beside its own code, of an error that it does not know, such as a session that was ended. */
function prismaCause(error: unknown): string | null {
  const known = prismaErrorSchema.safeParse(error);
  return known.success ? known.data.meta.driverAdapterError.cause.originalCode : null;
}

function isSystemError(error: unknown): boolean {
  return isSocketError(error) || (error instanceof Error && 'syscall' in error);
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}

function words(error: unknown): string {
  return error instanceof AggregateError ? error.errors.map(words).join('; ') : String(error);
}
