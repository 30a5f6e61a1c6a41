import type { JobKindDefinition } from '../job.ts';

export const pauseJob: JobKindDefinition = {
  refusal(entity) {
    if (entity.activity === 'deleting') return 'It is being deleted.';
    return entity.paused ? 'It is paused already.' : null;
  },
  async run({ entity, control }) {
    await control.setPaused(entity.entityId, true);
    return 'Caches keep their rows and apply nothing until it is resumed; the oplog goes on.';
  },
};

export const resumeJob: JobKindDefinition = {
  refusal(entity) {
    if (entity.activity === 'deleting') return 'It is being deleted.';
    return entity.paused ? null : 'It is not paused.';
  },
  async run({ entity, control }) {
    await control.setPaused(entity.entityId, false);
    return 'Caches apply again from where they stopped.';
  },
};
