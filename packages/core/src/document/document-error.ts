import { MalformedBsonError } from '@emcachers/bson/malformed-bson-error';
import { EmcachersError } from '../emcachers-error.ts';

/** The document cannot be projected: its bytes are not valid BSON or nest too deeply. It becomes a dead letter. */
export class DocumentError extends EmcachersError {
  constructor(detail: string, cause?: unknown) {
    super({ code: 'EMC-6001', detail, cause });
    this.name = 'DocumentError';
  }
}

/** Malformed bytes as a `DocumentError`; any other error unchanged. For the functions that take a document's bytes. */
export function toDocumentError(error: unknown): unknown {
  return error instanceof MalformedBsonError ? new DocumentError(error.message, error) : error;
}
