import { EmcachersError } from '@emcachers/core/emcachers-error';
import { counted } from '@emcachers/core/status-words';
import type { SnapshotRecord } from '@emcachers/db/snapshot/snapshots';
import { z } from 'zod';
import { onAbort } from '../../../runtime/abort.ts';
import { engineStops } from '../engine-stops.ts';
import { type JobContext, jobKind } from '../job-kind.ts';
import { nodesWithCache, silentOf } from '../nodes-with-cache.ts';
import { waitFor } from '../wait-for.ts';

const input = { nodeId: z.string().min(1).max(63).optional() };
type SnapshotContext = JobContext<typeof input>;

/** Nodes copy their published cache to one file, from which a node can start. */
export const snapshotJob = jobKind({
  title: 'Make snapshot',
  summary: 'Copy the published cache to one checked file, on each node that reports or on the one that is named.',
  audit: 'An operator requested a snapshot of an entity.',
  routeName: 'snapshots',
  input,
  isFinal: false,
  action: {
    doing: 'Making a snapshot of',
    done: 'Made a snapshot of',
    icon: 'snapshot',
    place: 'menu',
    offered: 'always',
    confirmation: 'dialog',
    question: 'Make a snapshot of {entityName}?',
    consequences: [
      {
        term: 'What happens',
        text: 'Each node copies its cache to one file, checks the copy, and keeps it. A node without this cache can start from it.',
      },
      { term: 'Readers', text: 'Applications are not affected, and changes go on. The copy is limited in speed.' },
      {
        term: 'Disk',
        text: 'A copy needs about {fileBytes} in total on {nodes}. The oldest snapshots are deleted after it.',
      },
    ],
    options: [],
  },
  refusal(entity) {
    if (entity.lifecycle === 'deleting') return 'It is being deleted.';
    return entity.liveFromId !== null ? null : 'Its first scan is not complete, so it has no cache yet.';
  },
  async run(context) {
    const { jobId, entity, control, signal } = context;
    await control.requestSnapshots({ entityId: entity.entityId, jobId, nodeIds: await nodesToAsk(context) });
    // A stop of the engine is not a cancellation: the nodes go on, and the next runner waits for them.
    using _cancelling = onAbort(signal, () => void cancelled(context));
    const ended = await waitFor(context, () => look(context));
    const failed = ended.filter(({ state }) => state !== 'ready');
    if (failed.length === 0)
      return `Made on ${counted(ended.length, 'node', 'nodes')}: ${ended.map(wordsOf).join('; ')}.`;
    const code = failed.some(({ errorCode }) => errorCode === 'EMC-4008') ? 'EMC-4008' : 'EMC-4009';
    throw new EmcachersError({ code, detail: ended.map(wordsOf).join('; ') });
  },
});

async function nodesToAsk(context: SnapshotContext): Promise<readonly string[]> {
  const {
    entity,
    input: { nodeId },
  } = context;
  const none = (where: string): EmcachersError =>
    new EmcachersError({ code: 'EMC-4009', detail: `${where} a published cache of ${entity.entityName}.` });
  const nodeIds = await nodesWithCache(context, none('No node that reports has'));
  if (nodeId === undefined) return nodeIds;
  if (nodeIds.includes(nodeId)) return [nodeId];
  throw none(`The node ${nodeId} does not report, or has not`);
}

async function cancelled({ jobId, control, signal }: SnapshotContext): Promise<void> {
  if (signal.reason === engineStops) return;
  await control.cancelSnapshots(jobId).catch(() => undefined);
}

/** Null while a node that reports works. */
async function look({ jobId, entity, control, note }: SnapshotContext): Promise<readonly SnapshotRecord[] | null> {
  const all = await control.snapshotsOfJob(jobId);
  if (all.length === 0) throw new EmcachersError({ code: 'EMC-4009', detail: 'The snapshot was deleted meanwhile.' });
  const working = all.filter(({ state }) => state === 'requested' || state === 'running');
  if (working.length === 0) return all;
  const silent = await silentOf(
    { entity, control },
    working.map(({ nodeId }) => nodeId),
  );
  if (silent !== '') throw new EmcachersError({ code: 'EMC-4009', detail: `No report from ${silent}.` });
  const bytes = all.reduce((sum, { copiedBytes }) => sum + copiedBytes, 0);
  const copied = `${counted(Math.round(bytes / 1_000_000), 'MB', 'MB')} copied`;
  await note(`${copied}; ${working.length} of ${counted(all.length, 'node', 'nodes')} still at work.`);
  return null;
}

function wordsOf({ nodeId, state, manifest, errorCode, message }: SnapshotRecord): string {
  if (state === 'ready' && manifest !== null)
    return `${nodeId} (offset ${manifest.offset}, ${counted(manifest.documents, 'row', 'rows')}, ${manifest.bytes} bytes)`;
  return `${nodeId}: ${message ?? state}${errorCode === null ? '' : ` (${errorCode})`}`;
}
