import { EmcachersError } from '@emcachers/core/emcachers-error';
import { errorCodes } from '@emcachers/core/error-codes';
import { counted } from '@emcachers/core/status-words';
import type { EntityState } from '../../entity/entity-control.ts';
import { type JobContext, type JobKindDefinition, waitFor } from '../job.ts';

/** Hard refresh: a whole scan under a new version, beside the rows that are being served. */
export const refreshJob: JobKindDefinition = {
  refusal: (entity) => (entity.activity === 'deleting' ? 'It is being deleted.' : null),
  async run(context) {
    const { entity, control, allowLargeSweep } = context;
    const { version } = await control.refresh(entity.entityId, { allowLargeSweep });
    await context.note(`Scanning the source as version ${version}; caches keep serving meanwhile.`);
    const done = await waitFor(context, async () => settled(await look(context), version));
    if (done.activity === 'failed') throw failure(done);
    return `Scanned ${counted(done.scanned, 'document', 'documents')}; live as version ${done.version}.`;
  },
};

async function look({ control, entity }: JobContext): Promise<EntityState> {
  const found = await control.find(entity.entityName);
  if (found !== null && found.entityId === entity.entityId) return found;
  throw new EmcachersError({ code: 'EMC-5002', detail: `${entity.entityName} was deleted meanwhile.` });
}

/** A later version has taken this one's work over, for example after a lost resume token. */
function settled(entity: EntityState, version: number): EntityState | null {
  const ended = entity.activity === 'live' || entity.activity === 'failed';
  return ended && entity.version >= version ? entity : null;
}

function failure(entity: EntityState): EmcachersError {
  const known = Object.keys(errorCodes).find((code): code is keyof typeof errorCodes => code === entity.errorCode);
  return new EmcachersError({ code: known ?? 'EMC-5999', detail: entity.reason ?? 'The scan failed.' });
}
