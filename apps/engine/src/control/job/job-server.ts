import type { JobView } from '@emcachers/core/api-views';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Asker } from '@emcachers/db/control/audit';
import type { JobRecord, JobStore } from '@emcachers/db/job/job-store';
import { z } from 'zod';
import type { EntityControl } from '../entity/entity-control.ts';
import { unknownEntity } from '../entity/unknown-entity.ts';
import type { CheckedSource } from './job-kind.ts';
import type { JobKindName } from './job-kinds.ts';
import { possibleJobKind } from './job-refusal.ts';

/** A caller that is no request. */
const operator: Asker = { actor: 'api', correlationId: null };

export interface JobRequest {
  readonly kind: JobKindName;
  readonly entityName: string;
  /** Fields of the kind's input. */
  readonly input: object;
}

/**
 * The Job Server accepts, lists and cancels jobs: recorded, cancellable operations that take longer than one
 * transaction. It keeps no state; `job-runner.ts` on the leader runs the jobs.
 */
export interface JobServer {
  /**
   * Records the job and returns at once. If the same job for the same entity is already queued or running, returns the id of
   * that job. Jobs of one kind are the same whatever their input, unless the kind says `isPerInput`. Throws EMC-5002 for an unknown entity, EMC-5004 if the entity's state forbids the job.
   */
  submit(request: JobRequest, asker?: Asker): Promise<{ jobId: string }>;
  /** Newest first. */
  list(filter: { readonly entityName?: string | undefined; readonly limit: number }): Promise<JobView[]>;
  /** Throws EMC-5005 if there is no such job. */
  get(jobId: string): Promise<JobView>;
  /** Cancels a queued or running job. A finished job is not changed. */
  cancel(jobId: string, asker?: Asker): Promise<JobView>;
}

export function createJobServer(dependencies: {
  readonly store: JobStore;
  readonly control: EntityControl;
  readonly source: CheckedSource;
}): JobServer {
  const { store, control, source } = dependencies;
  const get = async (jobId: string): Promise<JobView> => {
    const record = await store.get(jobId);
    if (record === null)
      throw new EmcachersError({ code: 'EMC-5005', detail: `There is no job with the id ${jobId}.` });
    return jobView(record);
  };
  return {
    async submit({ kind, entityName, input }, asker = operator) {
      const entity = await control.find(entityName);
      if (entity === null) throw unknownEntity(entityName);
      const { isPerInput = false, ...row } = possibleJobKind(kind, entity);
      const parsed = z.object(row.input).parse(input);
      await row.check?.({ input: parsed, sourceName: entity.sourceName, source });
      const auditDetail = row.auditDetail?.(parsed) ?? input;
      const { jobId } = await store.add({ kind, entityName: entity.entityName, input, isPerInput, auditDetail, asker });
      return { jobId };
    },
    list: async ({ entityName, limit }) =>
      (await store.list({ entityName: entityName ?? null, limit })).map((record) => jobView(record)),
    get,
    async cancel(jobId, asker = operator) {
      await get(jobId);
      await store.cancel(
        jobId,
        'Cancelled by an operator. What it had completed stays; a scan ends, unless its rows are being promoted already.',
        asker,
      );
      return get(jobId);
    },
  };
}

function jobView({ input: _input, ...view }: JobRecord): JobView {
  return view;
}
