import type { JobKind, JobView } from '@emcachers/core/api-views';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { JobRecord, JobStore } from '@emcachers/db/job/job-store';
import type { EntityControl, EntityState } from '../entity/entity-control.ts';
import { jobKindDefinitions } from './job-kinds.ts';
import type { JobServer } from './job-server.ts';

/** Takes jobs in and tells how they go; `job-runner.ts` on the leader carries them out. Keeps no state of its own. */
export function createJobDesk(dependencies: { readonly store: JobStore; readonly control: EntityControl }): JobServer {
  const { store, control } = dependencies;
  const find = async (jobId: string): Promise<JobRecord> => {
    const record = await store.get(jobId);
    if (record === null) throw new EmcachersError({ code: 'EMC-5005', detail: `No job has the id ${jobId}.` });
    return record;
  };
  return {
    async submit({ kind, entityName, allowLargeSweep }) {
      const entity = await control.find(entityName);
      if (entity === null) throw unknownEntity(entityName);
      refuseUnlessPossible(kind, entity);
      const job = { kind, entityName: entity.entityName, allowLargeSweep: allowLargeSweep ?? false };
      const { jobId } = await store.add(job);
      return { jobId };
    },
    list: async ({ entityName, limit }) =>
      (await store.list({ entityName: entityName ?? null, limit })).map((record) => jobView(record)),
    get: async (jobId) => jobView(await find(jobId)),
    async cancel(jobId) {
      await find(jobId);
      await store.cancel(jobId, 'Cancelled by an operator; what it had begun is left to finish or fail by itself.');
      return jobView(await find(jobId));
    },
  };
}

export function unknownEntity(entityName: string): EmcachersError {
  return new EmcachersError({ code: 'EMC-5002', detail: `No entity is named ${entityName}.` });
}

/** EMC-5007 for a kind that is not carried out, EMC-5004 where the entity's state forbids it. */
export function refuseUnlessPossible(kind: JobKind, entity: EntityState): void {
  const definition = jobKindDefinitions[kind];
  if (definition === null)
    throw new EmcachersError({ code: 'EMC-5007', detail: `This engine does not carry out ${kind} yet.` });
  const refusal = definition.refusal(entity);
  if (refusal !== null)
    throw new EmcachersError({
      code: 'EMC-5004',
      detail: `${entity.entityName}: ${kind} is not possible now. ${refusal}`,
    });
}

function jobView({ allowLargeSweep: _input, ...view }: JobRecord): JobView {
  return view;
}
