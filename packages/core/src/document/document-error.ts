import { EmcachersError } from '../emcachers-error.ts';

/** A document that cannot be projected: its bytes are not BSON, or nest deeper than MongoDB allows. Becomes a dead letter. */
export class DocumentError extends EmcachersError {
  constructor(detail: string) {
    super({ code: 'EMC-6001', detail });
    this.name = 'DocumentError';
  }
}
