import { counted } from '@emcachers/core/status-words';
import type { JobContext } from './job-kind.ts';
import { waitFor } from './wait-for.ts';

/** Longest wait for nodes to apply what a job appended, milliseconds. */
const applyMsMax = 10_000;

/** Waits until the caches of the nodes that report have applied everything up to now. Resolves with a sentence that says which have not. */
export async function untilApplied(
  context: Pick<JobContext, 'entity' | 'control' | 'clock' | 'signal'>,
): Promise<string> {
  const { entity, control, clock } = context;
  if (entity.paused) return 'Its caches are paused and will apply it later.';
  const head = await control.head(entity.entityId);
  const endMs = clock.monotonicMs() + applyMsMax;
  const reports = await waitFor(context, async () => {
    const caches = await control.caches(entity.entityId);
    // A node that has just built its cache reports it within a second.
    const isDone = caches.length > 0 && caches.every(({ isPrompt, offset }) => !isPrompt || (offset ?? 0) >= head);
    return isDone || clock.monotonicMs() > endMs ? caches : null;
  });
  const behind = reports.filter(({ offset }) => (offset ?? 0) < head).map(({ nodeId }) => nodeId);
  const applied = `Applied on ${counted(reports.length - behind.length, 'node', 'nodes')}.`;
  return behind.length === 0 ? applied : `${applied} Not yet on ${behind.join(', ')}.`;
}
