import { MalformedBsonError } from '@emcachers/bson/malformed-bson-error';
import { EmcachersError } from '../emcachers-error.ts';

/** Why a document cannot be projected: invalid BSON, a row above the limit, or a value that a column must not lose (EMC-6005: its entity fails). */
export type DocumentErrorCode = 'EMC-6001' | 'EMC-6002' | 'EMC-6003' | 'EMC-6005';

/** The document cannot be projected. It becomes a dead letter. */
export class DocumentError extends EmcachersError {
  declare readonly code: DocumentErrorCode;

  constructor(detail: string, cause?: unknown, code: DocumentErrorCode = 'EMC-6001') {
    super({ code, detail, cause });
    this.name = 'DocumentError';
  }
}

/** A column that must not lose a value cannot hold it. */
export class RefusedValueError extends DocumentError {
  readonly columnName: string;

  constructor(detail: string, code: DocumentErrorCode, columnName: string) {
    super(detail, undefined, code);
    this.name = 'RefusedValueError';
    this.columnName = columnName;
  }
}

/** Malformed bytes as a `DocumentError`; any other error unchanged. For the functions that take a document's bytes. */
export function toDocumentError(error: unknown): unknown {
  return error instanceof MalformedBsonError ? new DocumentError(error.message, error) : error;
}
