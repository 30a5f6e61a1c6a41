import type { JobView } from '@emcachers/core/api-views';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { JobRecord, JobStore } from '@emcachers/db/job/job-store';
import type { EntityControl } from '../entity/entity-control.ts';
import { unknownEntity } from '../entity/unknown-entity.ts';
import type { JobKindName } from './job-kinds.ts';
import { possibleJobKind } from './job-refusal.ts';

export interface JobRequest {
  readonly kind: JobKindName;
  readonly entityName: string;
  /** The fields of the kind's own input. */
  readonly input: object;
}

/**
 * The Job Server: long work with a record, one at a time for an entity, cancellable while it runs. It keeps no state of
 * its own: it accepts jobs and reports on them, and `job-runner.ts` on the leader runs them.
 */
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

export function createJobServer(dependencies: {
  readonly store: JobStore;
  readonly control: EntityControl;
}): JobServer {
  const { store, control } = dependencies;
  const get = async (jobId: string): Promise<JobView> => {
    const record = await store.get(jobId);
    if (record === null) throw new EmcachersError({ code: 'EMC-5005', detail: `No job has the id ${jobId}.` });
    return jobView(record);
  };
  return {
    async submit({ kind, entityName, input }) {
      const entity = await control.find(entityName);
      if (entity === null) throw unknownEntity(entityName);
      possibleJobKind(kind, entity);
      const { jobId } = await store.add({ kind, entityName: entity.entityName, input });
      return { jobId };
    },
    list: async ({ entityName, limit }) =>
      (await store.list({ entityName: entityName ?? null, limit })).map((record) => jobView(record)),
    get,
    async cancel(jobId) {
      await get(jobId);
      await store.cancel(jobId, 'Cancelled by an operator. Work that it had already started may still finish.');
      return get(jobId);
    },
  };
}

function jobView({ input: _input, ...view }: JobRecord): JobView {
  return view;
}
