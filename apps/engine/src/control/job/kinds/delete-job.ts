import { type JobKindDefinition, waitFor } from '../job.ts';

/** Longest wait for nodes to remove their files; one that is away removes them when it comes back. */
const filesWaitMsMax = 10_000;

/** Removes the entity everywhere: files on the nodes first, then partition and records. The source is not touched. */
export const deleteJob: JobKindDefinition = {
  refusal: () => null,
  async run(context) {
    const { entity, control, clock } = context;
    await control.markDeleting(entity.entityId);
    await context.note('Nodes are removing its files.');
    const endMs = clock.monotonicMs() + filesWaitMsMax;
    const left = await waitFor(context, async () => {
      const holding = (await control.caches(entity.entityId)).filter((cache) => cache.isPrompt);
      return holding.length === 0 || clock.monotonicMs() > endMs ? holding : null;
    });
    await control.drop(entity.entityId);
    if (left.length === 0) return 'Deleted with its oplog and its cache files.';
    return `Deleted; ${left.map(({ nodeId }) => nodeId).join(', ')} will remove its files by itself.`;
  },
};
