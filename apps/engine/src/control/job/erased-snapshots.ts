import { EmcachersError } from '@emcachers/core/emcachers-error';
import { counted } from '@emcachers/core/status-words';
import type { SnapshotRecord } from '@emcachers/db/snapshot/snapshots';
import type { JobContext } from './job-kind.ts';
import { silentOf } from './nodes-with-cache.ts';
import { waitFor } from './wait-for.ts';

/** Longest wait for nodes to delete files, and to end snapshots that they are making, milliseconds. */
const deletionWaitMsMax = 10 * 60_000;

type ErasureContext = Pick<JobContext, 'entity' | 'control' | 'clock' | 'signal'>;

/**
 * Waits until no node that reports has a snapshot of an older cache than the newest requested rebuild; nodes delete them by themselves.
 * Resolves with one sentence. Throws EMC-5014 if some remain; `erased` says what was done before.
 */
export async function deleteSnapshots(context: ErasureContext, erased: string): Promise<string> {
  const { entity, control, clock } = context;
  const found = await control.find(entity.entityName);
  const rebuild = found?.entityId === entity.entityId ? found.rebuildRequested : Number.MAX_SAFE_INTEGER;
  const endMs = clock.monotonicMs() + deletionWaitMsMax;
  const remaining = await waitFor(context, async () => {
    const old = (await control.snapshots(entity.entityId)).filter((snapshot) => mayHaveOldRows(snapshot, rebuild));
    const silent = new Set(
      (
        await silentOf(
          context,
          old.map(({ nodeId }) => nodeId),
        )
      ).split(', '),
    );
    const due = old.filter(({ nodeId }) => !silent.has(nodeId));
    return due.length === 0 || clock.monotonicMs() > endMs
      ? { due, silent: [...silent].filter((name) => name !== '') }
      : null;
  });
  if (remaining.due.length === 0) return wordsFor(remaining.silent);
  const names = [...new Set(remaining.due.map(({ nodeId }) => nodeId))].join(', ');
  const detail = `${erased} ${counted(remaining.due.length, 'snapshot', 'snapshots')} still may have the values on ${names}.`;
  throw new EmcachersError({ code: 'EMC-5014', detail });
}

function mayHaveOldRows({ state, manifest }: SnapshotRecord, rebuild: number): boolean {
  if (state === 'failed' || state === 'cancelled') return false;
  return manifest === null || manifest.rebuild < rebuild;
}

function wordsFor(silent: readonly string[]): string {
  const words = 'Snapshots: those of older caches were deleted';
  return silent.length === 0 ? `${words}.` : `${words}, except on ${silent.join(', ')}, which did not report.`;
}
