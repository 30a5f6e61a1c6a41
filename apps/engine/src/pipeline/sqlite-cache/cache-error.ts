/**
 * Classifies errors of SQLite and the file system by what they mean for a cache. Only damage causes a rebuild: rebuilding on a
 * full disk would need even more space. FULL, BUSY, IOERR and CANTOPEN roll back and are retried.
 */
import { EmcachersError } from '@emcachers/core/emcachers-error';

/** SQLite result codes that mean damage, including extended codes (https://www.sqlite.org/rescode.html). */
const damageCode = /^SQLITE_(?:CORRUPT(?:_|$)|NOTADB$)/;
const fullCode = /^(?:SQLITE_FULL|ENOSPC|EDQUOT)$/;

export function toCacheError(error: unknown, path: string): EmcachersError {
  if (error instanceof EmcachersError) return error;
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const detail = `${path}: ${message}${code === null ? '' : ` (${code})`}`;
  if (code !== null && damageCode.test(code)) return new EmcachersError({ code: 'EMC-4001', detail, cause: error });
  if (code !== null && fullCode.test(code)) return new EmcachersError({ code: 'EMC-4002', detail, cause: error });
  if (code !== null) return new EmcachersError({ code: 'EMC-4003', detail, cause: error });
  return new EmcachersError({ code: 'EMC-5999', detail, cause: error });
}

export function damaged(path: string, reason: string): EmcachersError {
  return new EmcachersError({ code: 'EMC-4001', detail: `${path}: ${reason}` });
}

export function isDamage(error: unknown): boolean {
  return error instanceof EmcachersError && error.code === 'EMC-4001';
}

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
