import { counted } from '@emcachers/core/status-words';
import { servesLaterThan } from '../../entity/entity-control.ts';
import { jobKind } from '../job-kind.ts';
import { waitFor } from '../wait-for.ts';

/**
 * Every node rebuilds its file from the oplog as a new generation, and publishes the file once it has caught up (I8).
 */
export const rebuildJob = jobKind({
  title: 'Rebuild cache',
  summary: 'Rebuild the cache files from the oplog, beside the current ones.',
  audit: 'An operator requested a rebuild of the caches of an entity.',
  input: {},
  isFinal: false,
  action: {
    doing: 'Rebuilding the cache of',
    done: 'Rebuilt the cache of',
    icon: 'rebuild',
    place: 'page',
    offered: 'unless-paused',
    confirmation: 'dialog',
    question: 'Rebuild the cache of {entityName}?',
    consequences: [
      {
        term: 'What happens',
        text: 'The engine builds a new cache file from the oplog. It does not read MongoDB.',
      },
      {
        term: 'Readers',
        text: 'Applications use the current file until the new one has caught up; then db.sqlite points to the new file.',
      },
      { term: 'Disk', text: 'A second file needs about {fileBytes} in total on {nodes}.' },
    ],
    options: [],
  },
  refusal(entity) {
    if (entity.lifecycle === 'deleting') return 'It is being deleted.';
    if (entity.paused) return 'It is paused, so its caches do not read the oplog. Resume it first.';
    return entity.liveFromId !== null ? null : 'Its first scan is not complete, so there is nothing to rebuild yet.';
  },
  async run(context) {
    const { entity, control } = context;
    const before = new Map(
      (await control.caches(entity.entityId)).map((cache) => [cache.nodeId, cache.generation ?? 0]),
    );
    await control.rebuild(entity.entityId);
    await context.note('Building new files beside the current ones.');
    const rebuilt = await waitFor(context, async () => {
      const prompt = (await control.caches(entity.entityId)).filter((cache) => cache.isPrompt);
      const isDone =
        prompt.length > 0 && prompt.every((cache) => servesLaterThan(cache, before.get(cache.nodeId) ?? 0));
      return isDone ? prompt : null;
    });
    return `Rebuilt on ${counted(rebuilt.length, 'node', 'nodes')}.`;
  },
});
