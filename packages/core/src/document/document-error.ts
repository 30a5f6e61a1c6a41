import { EmcachersError } from '../emcachers-error.ts';

/** The document cannot be projected: its bytes are not valid BSON or nest too deeply. It becomes a dead letter. */
export class DocumentError extends EmcachersError {
  constructor(detail: string) {
    super({ code: 'EMC-6001', detail });
    this.name = 'DocumentError';
  }
}
