import type { JobKind, JobView } from '@emcachers/core/api-views';

export interface JobRequest {
  readonly kind: JobKind;
  readonly entityName: string;
  /** Refresh only: an operator's word that a sweep may delete more than its cap (EMC-3004). */
  readonly allowLargeSweep?: boolean;
}

/** The Job Server: long work with a record, one at a time for an entity, cancellable while it runs. */
export interface JobServer {
  /**
   * Records the job and returns at once. A second request of the same kind for the same entity while the first is
   * queued or running answers with the first one's id. EMC-5002 for an unknown entity, EMC-5004 where its state forbids it.
   */
  submit(request: JobRequest): Promise<{ jobId: string }>;
  /** Newest first. */
  list(filter: { readonly entityName?: string | undefined; readonly limit: number }): Promise<JobView[]>;
  /** EMC-5005 where no job has the id. */
  get(jobId: string): Promise<JobView>;
  /** Asks a queued or running job to stop; a finished one is left as it is. */
  cancel(jobId: string): Promise<JobView>;
}
