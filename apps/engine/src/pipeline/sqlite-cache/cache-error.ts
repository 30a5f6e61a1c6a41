/**
 * What an error of SQLite or of the file system means for a cache. Only damage leads to a new file: building again because
 * the disk is full would make it fuller. FULL, BUSY, IOERR and CANTOPEN roll back and are tried again.
 */
import { EmcachersError } from '@emcachers/core/emcachers-error';

/** Damage by SQLite's result codes, extended ones included (https://www.sqlite.org/rescode.html). */
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
