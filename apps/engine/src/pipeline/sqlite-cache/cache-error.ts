/**
 * Classifies errors of SQLite and the file system by what they mean for a cache. Only damage causes a rebuild: rebuilding on a
 * full disk would need even more space. FULL, BUSY, IOERR and CANTOPEN roll back and are retried.
 */
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { ErrorCode } from '@emcachers/core/error-codes';

/** Codes of SQLite, including extended ones (https://www.sqlite.org/rescode.html), and of the file system, by their meaning. */
const meanings: readonly (readonly [RegExp, ErrorCode])[] = [
  [/^SQLITE_(?:CORRUPT(?:_|$)|NOTADB$)/, 'EMC-4001'],
  [/^(?:SQLITE_FULL|ENOSPC|EDQUOT)$/, 'EMC-4002'],
  [/^SQLITE_(?:BUSY|LOCKED)(?:_|$)/, 'EMC-4004'],
];

export function toCacheError(error: unknown, path: string): EmcachersError {
  if (error instanceof EmcachersError) return error;
  const errorCode = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const detail = `${path}: ${message}${errorCode === null ? '' : ` (${errorCode})`}`;
  return new EmcachersError({ code: meaningOf(errorCode), detail, cause: error });
}

function meaningOf(errorCode: string | null): ErrorCode {
  if (errorCode === null) return 'EMC-5999';
  return meanings.find(([pattern]) => pattern.test(errorCode))?.[1] ?? 'EMC-4003';
}

export function damaged(path: string, reason: string): EmcachersError {
  return new EmcachersError({ code: 'EMC-4001', detail: `${path}: ${reason}` });
}

export function isDamage(error: unknown): boolean {
  return error instanceof EmcachersError && error.code === 'EMC-4001';
}

/** True if the file could not be opened, for example because the process has no descriptor left. */
export function isUnopenable(error: unknown): boolean {
  return error instanceof EmcachersError && error.code === 'EMC-4003';
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
