import { grouped } from '@emcachers/core/status-words';
import { commitAppend } from '@emcachers/db/statements/commit-append';
import { analyzeStaging, hasFewStaged } from '@emcachers/db/statements/promote-staged';
import type { PromotionState } from '@emcachers/db/statements/promotion-state';
import {
  beginSweepPlan,
  findUnsettled,
  planSweepChunk,
  readSweepEvidence,
  recordSweepPlan,
  type SweepEvidence,
  sweepChunkBytesDefault,
} from '@emcachers/db/statements/sweep';
import { inTransaction, type TransactionClient } from '@emcachers/db/transaction';
import { lockedState } from './locked-state.ts';
import type { ScanProof, ScanRun } from './oplog-types.ts';
import { type OplogWriterOptions, type SweepCap, sweepCapDefault } from './writer-options.ts';

/**
 * Plans the sweep of a finished scan and has the scan prove itself before anything is deleted. Keeps I7: a scan that read fewer
 * documents than the source held, by more than the stream changed meanwhile, sweeps nothing; nor does one whose candidates
 * the source still has. A plan is made in chunks that commit separately, so that no statement takes long and a crash repeats
 * at most one chunk. Worst case: documents of types that cannot be looked up by their DocID, lost by a scan while as
 * many others were deleted from the source; the cap then limits what is deleted.
 */
/** Candidates that are looked up at the source. Up to this many, all of them are. */
const sampleMax = 1_000;

/** `planning`: call again. `unproven`: look the sample up at the source, then call `proveScan`. */
export type Readiness =
  | { readonly kind: 'prepared' }
  | { readonly kind: 'planning' }
  | { readonly kind: 'waiting' | 'superseded' }
  | { readonly kind: 'unproven'; readonly sample: readonly string[] };

/** The planning has ended; its result is still to be recorded. */
interface Planned {
  readonly kind: 'planned';
  readonly refusal: string | null;
}

const superseded: Readiness = { kind: 'superseded' };
const waiting: Readiness = { kind: 'waiting' };
const prepared: Readiness = { kind: 'prepared' };

/** One step of the planning, under a shared lock, because live operations must still be staged meanwhile. */
export async function planSweepStep(options: OplogWriterOptions, run: ScanRun): Promise<Readiness> {
  const { database } = options;
  const step = await inTransaction(database.pool, (client) => plan(client, options, run));
  return step.kind === 'planned' ? record(options, run, async () => step.refusal) : step;
}

async function plan(
  client: TransactionClient,
  { epoch, sweepChunkBytes = sweepChunkBytesDefault, sweepCap = sweepCapDefault }: OplogWriterOptions,
  run: ScanRun,
): Promise<Readiness | Planned> {
  const state = await lockedState(client, { ...run, epoch, lock: 'share', appends: false });
  const readiness = readinessOf(state);
  if (state === null || readiness !== null) {
    await client.query('ROLLBACK');
    return readiness ?? superseded;
  }
  const step = await planChunk(client, { ...run, chunkBytes: sweepChunkBytes, cap: sweepCap }, state);
  await commitAppend(client, { epoch, appended: false, controlChanged: false });
  return step;
}

async function planChunk(
  client: TransactionClient,
  run: ScanRun & { readonly chunkBytes: number; readonly cap: SweepCap },
  state: PromotionState,
): Promise<Readiness | Planned> {
  const scope = { ...run, version: state.version };
  // The first version has no predecessor whose rows could remain.
  const planning = state.version === 1 ? { chunks: 0, planned: 0 } : await beginSweepPlan(client, scope);
  if (planning.planned === 0) await analyzeStaging(client);
  if (planning.planned < planning.chunks) {
    await planSweepChunk(client, { ...scope, ...planning });
    return { kind: 'planning' };
  }
  return judge(state, await readSweepEvidence(client, { ...scope, sampleMax }), run.cap);
}

/** The outcome of looking a sample up at the source. `waiting`: the stream has not passed the look-up yet. */
export async function proveScan(options: OplogWriterOptions, run: ScanRun & ScanProof): Promise<Readiness> {
  return record(options, run, async (client) => {
    const found = await findUnsettled(client, { ...run, docIds: run.found });
    if (found.length === 0) return null;
    const of = `${grouped(found.length)} of ${grouped(run.lookedUp)}`;
    return `The source still has ${of} documents that the scan did not find, for example ${found[0]}.`;
  });
}

async function record(
  { database, epoch }: OplogWriterOptions,
  run: ScanRun & { readonly time?: bigint },
  refusalOf: (client: TransactionClient) => Promise<string | null>,
): Promise<Readiness> {
  const { entityId, time = 0n } = run;
  return inTransaction(database.pool, async (client) => {
    const state = await lockedState(client, { ...run, epoch, lock: 'update', appends: false });
    const unready = state === null ? superseded : notYet(state, time);
    if (unready !== null) {
      await client.query('ROLLBACK');
      return unready;
    }
    const refusal = await refusalOf(client);
    await recordSweepPlan(client, { entityId, refusal });
    await commitAppend(client, { epoch, appended: false, controlChanged: refusal !== null });
    return prepared;
  });
}

function notYet({ passedTime }: PromotionState, time: bigint): Readiness | null {
  return (passedTime ?? 0n) < time ? waiting : null;
}

/**
 * True if the entity's first scan needs no planning, and this has been recorded: no earlier version's rows could remain. The caller
 * has locked the entity for `update` and goes on in the same transaction. So a new entity of a small collection is
 * live after one transaction where planning, its result and the move would be three. Many staged rows are planned for, which analyses them first.
 */
export async function prepareFirst(client: TransactionClient, run: ScanRun, state: PromotionState): Promise<boolean> {
  if (state.version !== 1 || !(await hasFewStaged(client, run))) return false;
  const evidence = await readSweepEvidence(client, { ...run, version: state.version, sampleMax: 1 });
  if (evidence.candidates > 0 || incompleteness(evidence) !== null) return false;
  await recordSweepPlan(client, { entityId: run.entityId, refusal: null });
  return true;
}

/** Null if the sweep is to be planned. */
export function readinessOf(state: PromotionState | null): Readiness | null {
  if (state === null) return superseded;
  if (!state.passed) return waiting;
  return state.sweepPrepared ? prepared : null;
}

function judge(state: PromotionState, evidence: SweepEvidence, cap: SweepCap): Readiness | Planned {
  const refusal = incompleteness(evidence) ?? largeness(state, evidence, cap);
  if (refusal !== null || evidence.candidates === 0) return { kind: 'planned', refusal };
  return { kind: 'unproven', sample: evidence.sample };
}

/** Each document that the stream changed may explain one that the source has and the scan has not. */
function incompleteness({ scanned, counted, changed }: SweepEvidence): string | null {
  if (counted === null || counted - scanned <= changed) return null;
  return `The scan read ${grouped(scanned)} documents, but the source held ${grouped(counted)}, and only ${grouped(changed)} were changed meanwhile.`;
}

/** An entity that was never live has no readers to protect. A source that was counted and has nothing needs no confirmation. */
function largeness(
  state: PromotionState,
  { candidates, documents, counted }: SweepEvidence,
  cap: SweepCap,
): string | null {
  const isLarge = candidates > cap.documents && candidates > documents * cap.share;
  if (!isLarge || counted === 0 || state.allowLargeSweep || !state.wasLive) return null;
  return `The scan did not find ${candidates} of ${documents} documents that the caches hold.`;
}
