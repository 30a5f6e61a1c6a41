import type { EmcachersError } from '@emcachers/core/emcachers-error';
import type { JobContext } from './job-kind.ts';
import { waitFor } from './wait-for.ts';

/** Longest wait for the report of a published cache, milliseconds. */
const reportWaitMsMax = 10_000;

type Waiting = Pick<JobContext, 'entity' | 'control' | 'clock' | 'signal'>;

/**
 * The nodes that report and have a published cache of the entity. A node that has just published its cache reports it a moment later;
 * without any for 10 s, it throws `missing`.
 */
export async function nodesWithCache(context: Waiting, missing: EmcachersError): Promise<readonly string[]> {
  const { entity, control, clock } = context;
  const endMs = clock.monotonicMs() + reportWaitMsMax;
  return waitFor(context, async () => {
    const caches = await control.caches(entity.entityId);
    const ready = caches.filter((cache) => cache.isPrompt && cache.published);
    if (ready.length > 0) return ready.map(({ nodeId }) => nodeId);
    if (clock.monotonicMs() < endMs) return null;
    throw missing;
  });
}

/** Those of the nodes that do not report, joined; empty if all do. */
export async function silentOf(
  { entity, control }: Pick<Waiting, 'entity' | 'control'>,
  nodeIds: readonly string[],
): Promise<string> {
  const caches = await control.caches(entity.entityId);
  const prompt = new Set(caches.filter(({ isPrompt }) => isPrompt).map(({ nodeId }) => nodeId));
  return nodeIds.filter((nodeId) => !prompt.has(nodeId)).join(', ');
}
