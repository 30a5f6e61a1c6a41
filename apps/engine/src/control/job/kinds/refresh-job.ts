import { EmcachersError } from '@emcachers/core/emcachers-error';
import { errorCodes } from '@emcachers/core/error-codes';
import { counted } from '@emcachers/core/status-words';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import { z } from 'zod';
import { type JobContext, jobKind } from '../job-kind.ts';
import { waitFor } from '../wait-for.ts';

/** Hard refresh: a full scan under a new version. Caches keep serving their rows meanwhile. */
export const refreshJob = jobKind({
  title: 'Refresh from source',
  summary: 'Rescan the source under a new version. Caches keep serving meanwhile.',
  audit: 'An operator requested a refresh of an entity.',
  /** `allowLargeSweep`: the sweep may delete more rows than its cap (EMC-3004). */
  input: { allowLargeSweep: z.boolean().default(false) },
  isFinal: false,
  action: {
    doing: 'Refreshing',
    done: 'Refreshed',
    icon: 'refresh',
    place: 'page',
    offered: 'always',
    confirmation: 'dialog',
    question: 'Refresh {entityName} from source?',
    consequences: [
      { term: 'What happens', text: 'The engine reads all of {sourceName} again, {documents} documents.' },
      {
        term: 'Readers',
        text: 'Applications see the current rows until the scan is complete, then the new rows with all later changes.',
      },
      { term: 'At the end', text: 'Rows whose documents no longer exist in MongoDB are deleted.' },
    ],
    options: [
      {
        name: 'allowLargeSweep',
        title: 'Allow large deletions',
        detail: 'If cleared, a refresh that would delete more than 20\u00a0% of the rows stops without deleting any.',
      },
    ],
  },
  refusal: (entity) => (entity.lifecycle === 'deleting' ? 'It is being deleted.' : null),
  async run(context) {
    const { entity, control, input, jobId } = context;
    const { version } = await control.refresh(entity.entityId, { ...input, jobId });
    await context.note(`Scanning the source as version ${version}. Caches keep serving meanwhile.`);
    const done = await waitFor(context, async () => settled(await look(context), version));
    if (done.lifecycle === 'failed') throw failure(done);
    return `Scanned ${counted(done.scan.scanned, 'document', 'documents')}; live as version ${done.version}.`;
  },
});

async function look({ control, entity }: Pick<JobContext, 'control' | 'entity'>): Promise<EntityRecord> {
  const found = await control.find(entity.entityName);
  if (found !== null && found.entityId === entity.entityId) return found;
  throw new EmcachersError({ code: 'EMC-5002', detail: `${entity.entityName} was deleted during the refresh.` });
}

/** A later version also counts: it supersedes this one, for example after a lost resume token. */
function settled(entity: EntityRecord, version: number): EntityRecord | null {
  const ended = entity.lifecycle === 'live' || entity.lifecycle === 'failed';
  return ended && entity.version >= version ? entity : null;
}

function failure(entity: EntityRecord): EmcachersError {
  const known = Object.keys(errorCodes).find((code): code is keyof typeof errorCodes => code === entity.errorCode);
  return new EmcachersError({ code: known ?? 'EMC-5999', detail: entity.reason ?? 'The scan failed.' });
}
