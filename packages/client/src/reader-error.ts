/** Turns errors of SQLite and the file system into the catalogue's. Errors in an application's SQL pass unchanged. */
import { EmcachersError } from '@emcachers/core/emcachers-error';

/** Primary result codes of SQLite (https://www.sqlite.org/rescode.html). */
export const resultCodes = {
  busy: 5,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  cannotOpen: 14,
  notADatabase: 26,
} as const;

const fileCodes: ReadonlySet<number> = new Set(Object.values(resultCodes));

/** SQLite's extended result code; null for any other error. */
function extendedCode(error: unknown): number | null {
  const isSqlite = error instanceof Error && 'errcode' in error && typeof error.errcode === 'number';
  return isSqlite ? Number(error.errcode) : null;
}

/** SQLite's primary result code; null for any other error. */
export function resultCode(error: unknown): number | null {
  const code = extendedCode(error);
  return code === null ? null : code & 0xff;
}

/** True if the file is at fault, not the statement. A statement that writes fails with the plain code for read-only. */
export function isFileError(error: unknown): boolean {
  const code = resultCode(error);
  return code !== null && fileCodes.has(code) && extendedCode(error) !== resultCodes.readOnly;
}

/** True if another attempt may find the file sound, or another file. SQLite itself has waited for a lock. */
export function isPassing(error: unknown): boolean {
  return isFileError(error) && resultCode(error) !== resultCodes.busy;
}

/** The directory of an entity's files. */
interface Directory {
  readonly entity: string;
  readonly path: string;
}

export function noCache(directory: Directory, known: boolean): EmcachersError {
  if (known)
    return new EmcachersError({
      code: 'EMC-7003',
      detail: `The cache of ${directory.entity} in ${directory.path} was removed.`,
    });
  return new EmcachersError({ code: 'EMC-7001', detail: `${directory.path} has no cache of ${directory.entity}.` });
}

export function building(directory: Directory): EmcachersError {
  return new EmcachersError({
    code: 'EMC-7002',
    detail: `The first cache of ${directory.entity} is still being built.`,
  });
}

export function unfit(path: string, reason: string): EmcachersError {
  return new EmcachersError({ code: 'EMC-7004', detail: `${path}: ${reason}.` });
}

export function unreadable(path: string, error: unknown): EmcachersError {
  if (error instanceof EmcachersError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new EmcachersError({ code: 'EMC-7008', detail: `${path}: ${reason}`, cause: error });
}

export function closed(): EmcachersError {
  return new EmcachersError({ code: 'EMC-7009', detail: 'The cache was closed by this program.' });
}
