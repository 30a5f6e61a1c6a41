/** What the kinds `verify` and `repair` share: every node that reports compares its own cache, and the job waits for all. */
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { counted, grouped } from '@emcachers/core/status-words';
import type { Verification } from '@emcachers/db/verify/verifications';
import { onAbort } from '../../runtime/abort.ts';
import { engineStops } from './engine-stops.ts';
import type { JobContext, JobTarget } from './job-kind.ts';
import { nodesWithCache, silentOf } from './nodes-with-cache.ts';
import { waitFor } from './wait-for.ts';

type VerificationContext = Pick<JobContext, 'jobId' | 'entity' | 'control' | 'clock' | 'signal' | 'note'>;

export function verificationRefusal(entity: JobTarget): string | null {
  if (entity.lifecycle === 'deleting') return 'It is being deleted.';
  if (entity.paused) return 'It is paused, so its caches are behind.';
  return entity.liveFromId !== null ? null : 'Its first scan is not complete, so there is nothing to verify yet.';
}

/** Resolves with one sentence. Rejects with EMC-5020 or EMC-5021. */
export async function runVerification(context: VerificationContext, repair: boolean): Promise<string> {
  const { jobId, entity, control, signal } = context;
  const detail = `No node has a published cache of ${entity.entityName}.`;
  const nodeIds = await nodesWithCache(context, new EmcachersError({ code: 'EMC-5020', detail }));
  await control.requestVerification({ entityId: entity.entityId, jobId, repair, nodeIds });
  // A stop of the engine is not a cancellation: the nodes go on, and the next runner waits for them.
  using _cancelling = onAbort(signal, () => void cancelled(context));
  const done = await waitFor(context, () => look(context));
  const failed = done.filter(({ state }) => state === 'failed' || state === 'cancelled');
  if (failed.length > 0) throw new EmcachersError({ code: 'EMC-5021', detail: failed.map(failureOf).join(' ') });
  return summaryOf(done);
}

async function cancelled({ jobId, control, signal }: VerificationContext): Promise<void> {
  if (signal.reason === engineStops) return;
  await control.cancelVerification(jobId).catch(() => undefined);
}

/** Null while a node that still reports works. */
async function look({ jobId, entity, control, note }: VerificationContext): Promise<readonly Verification[] | null> {
  const all = await control.verifications(jobId);
  const working = all.filter(({ state }) => state === 'requested' || state === 'running');
  if (working.length === 0 && all.length > 0) return all;
  const silent = await silentOf(
    { entity, control },
    working.map(({ nodeId }) => nodeId),
  );
  if (silent !== '' || all.length === 0)
    throw new EmcachersError({ code: 'EMC-5021', detail: `No report from ${silent === '' ? 'any node' : silent}.` });
  await note(
    `Compared ${counted(total(all, 'compared'), 'row', 'rows')}; ${working.length} of ${counted(all.length, 'node', 'nodes')} still at work.`,
  );
  return null;
}

function failureOf({ nodeId, state, message }: Verification): string {
  return `${nodeId}: ${message ?? state}`;
}

function summaryOf(done: readonly Verification[]): string {
  const where = `on ${counted(done.length, 'node', 'nodes')}`;
  const compared = `Compared ${counted(total(done, 'compared'), 'row', 'rows')} ${where}`;
  const wrong = done.filter(({ state }) => state === 'different');
  const repaired = done.filter(({ state }) => state === 'repaired');
  if (wrong.length > 0) return `${compared}. Wrong: ${wrong.map(findingOf).join('; ')}.${adviceFor(wrong)}`;
  if (repaired.length > 0) return `${compared}. Repaired: ${repaired.map(findingOf).join('; ')}.`;
  return `${compared}; all are right.`;
}

/** A message with the code of an error says itself what to do. */
function adviceFor(wrong: readonly Verification[]): string {
  return wrong.some(({ message }) => message?.startsWith('EMC-') === true) ? '' : ' Repair writes these rows again.';
}

function findingOf({ nodeId, missing, extra, different, message }: Verification): string {
  const rows = `${grouped(missing)} missing, ${grouped(extra)} extra, ${grouped(different)} different on ${nodeId}`;
  return message === null ? rows : `${rows} (${message})`;
}

function total(all: readonly Verification[], field: 'compared'): number {
  return all.reduce((sum, each) => sum + each[field], 0);
}
