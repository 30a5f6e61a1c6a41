import { counted } from '@emcachers/core/status-words';
import type { CacheState } from '../../entity/entity-control.ts';
import { type JobKindDefinition, waitFor } from '../job.ts';

/** Every node makes its file again from the oplog, as a new generation, and shows it only when it is level (I8). */
export const rebuildJob: JobKindDefinition = {
  refusal(entity) {
    if (entity.activity === 'deleting') return 'It is being deleted.';
    return entity.hasBeenLive ? null : 'Its first scan is not complete, so there is nothing to rebuild yet.';
  },
  async run(context) {
    const { entity, control } = context;
    const before = new Map(
      (await control.caches(entity.entityId)).map((cache) => [cache.nodeId, cache.generation ?? 0]),
    );
    await control.rebuild(entity.entityId);
    await context.note('New files are being built beside the ones in use.');
    const rebuilt = await waitFor(context, async () => {
      const prompt = (await control.caches(entity.entityId)).filter((cache) => cache.isPrompt);
      const isDone = prompt.length > 0 && prompt.every((cache) => isNew(cache, before));
      return isDone ? prompt : null;
    });
    return `Rebuilt on ${counted(rebuilt.length, 'node', 'nodes')}.`;
  },
};

function isNew(cache: CacheState, before: ReadonlyMap<string, number>): boolean {
  return cache.published && (cache.generation ?? 0) > (before.get(cache.nodeId) ?? 0);
}
