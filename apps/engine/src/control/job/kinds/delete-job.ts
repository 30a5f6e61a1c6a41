import { jobKind } from '../job-kind.ts';
import { waitFor } from '../wait-for.ts';

/** Longest wait for nodes to remove their files, milliseconds. An offline node removes them when it returns. */
const filesWaitMsMax = 10_000;

/** Deletes the entity everywhere: cache files on the nodes first, then its partition and records. The source is unchanged. */
export const deleteJob = jobKind({
  title: 'Delete entity',
  summary: 'Delete the entity, its oplog entries, and its cache files on every node. The source is unchanged.',
  audit: 'An operator requested the deletion of an entity.',
  input: {},
  isFinal: true,
  action: {
    doing: 'Deleting',
    done: 'Deleted',
    icon: 'delete',
    place: 'menu',
    offered: 'always',
    confirmation: 'typed-name',
    question: 'Delete {entityName}?',
    consequences: [
      { term: 'Deleted', text: '{caches} ({fileBytes}), the oplog entries and the definition.' },
      {
        term: 'Kept',
        text: '{sourceName} in MongoDB. If you create the same entity again, the engine scans the collection again.',
      },
      { term: 'Readers', text: 'Applications can no longer open the cache file.' },
    ],
    options: [],
  },
  refusal: () => null,
  async run(context) {
    const { entity, control, clock } = context;
    await control.markDeleting(entity.entityId);
    await context.note('Waiting for nodes to delete their files.');
    const endMs = clock.monotonicMs() + filesWaitMsMax;
    const left = await waitFor(context, async () => {
      const holding = (await control.caches(entity.entityId)).filter((cache) => cache.isPrompt);
      return holding.length === 0 || clock.monotonicMs() > endMs ? holding : null;
    });
    await control.drop(entity.entityId);
    if (left.length === 0) return 'Deleted with its oplog and its cache files.';
    return `Deleted; ${left.map(({ nodeId }) => nodeId).join(', ')} will delete its files when it reconnects.`;
  },
});
