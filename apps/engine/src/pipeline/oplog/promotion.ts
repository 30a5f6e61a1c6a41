import { beginAppend } from '@emcachers/db/statements/begin-append';
import { commitAppend } from '@emcachers/db/statements/commit-append';
import { closeSourceIncidents } from '@emcachers/db/statements/incidents';
import { analyzeStaging, promoteStaged } from '@emcachers/db/statements/promote-staged';
import { markLive, type PromotionState, readPromotionState } from '@emcachers/db/statements/promotion-state';
import { recordStreamStatus } from '@emcachers/db/statements/scan-state';
import { planSweep, recordSweepPlan, sweepChunk } from '@emcachers/db/statements/sweep';
import { inTransaction, type TransactionClient } from '@emcachers/db/transaction';
import type { PromotionResult } from './oplog-types.ts';
import type { OplogWriterOptions } from './writer-options.ts';

/**
 * Promotes a finished scan to a live entity in chunks that commit separately, so that millions of staged rows hold no lock for
 * long and a crash repeats none. Order: plan the sweep once; move staged rows, oldest first; emit the sweep's deletions; when
 * nothing is left, make the entity live in the same transaction (a concurrent append waits on the entity's row and then sees
 * `live`). Keeps I3, I6, I7, I9. Worst case: a sweep that waits for an operator. Without confirmation it deletes at most a
 * fifth of an entity, or 1,000 documents.
 */
const sweepShareMax = 0.2;
const sweepDocumentsMin = 1_000;

interface Chunk {
  readonly entityId: number;
  readonly runId: string;
  readonly limit: number;
}

export async function promoteChunk(options: OplogWriterOptions, chunk: Chunk): Promise<PromotionResult> {
  const { database, epoch } = options;
  const readiness = await prepare(options, chunk);
  if (readiness !== 'prepared') return { kind: readiness };
  return inTransaction(database.pool, (client) => moveChunk(client, epoch, chunk));
}

type Readiness = 'prepared' | 'waiting' | 'superseded';

/** Plans the sweep under a shared lock, because it may take long and live operations must still be staged. */
async function prepare(options: OplogWriterOptions, chunk: Chunk): Promise<Readiness> {
  const { database, epoch } = options;
  const planned = await inTransaction<Readiness | { refusal: string | null }>(database.pool, async (client) => {
    const state = await lockedState(client, { ...chunk, epoch, lock: 'share', appends: false });
    const readiness = readinessOf(state);
    if (state === null || readiness !== 'unplanned') {
      await client.query('ROLLBACK');
      return readiness === 'unplanned' ? 'superseded' : readiness;
    }
    await analyzeStaging(client);
    // The first version has no predecessor whose rows could remain.
    const found = state.version > 1 ? await planSweep(client, { ...chunk, version: state.version }) : nothingFound;
    await commitAppend(client, { epoch, appended: false, controlChanged: false });
    return { refusal: refusalOf(state, found) };
  });
  if (typeof planned === 'string') return planned;
  return inTransaction(database.pool, async (client) => {
    const state = await lockedState(client, { ...chunk, epoch, lock: 'update', appends: false });
    if (state !== null) await recordSweepPlan(client, { entityId: chunk.entityId, refusal: planned.refusal });
    await commitAppend(client, { epoch, appended: false, controlChanged: planned.refusal !== null });
    return state === null ? 'superseded' : 'prepared';
  });
}

const nothingFound = { candidates: 0, documents: 0 };

function readinessOf(state: PromotionState | null): Readiness | 'unplanned' {
  if (state === null) return 'superseded';
  if (!state.passed) return 'waiting';
  return state.sweepPrepared ? 'prepared' : 'unplanned';
}

/** An entity that was never live has no readers to protect. */
function refusalOf(state: PromotionState, found: { candidates: number; documents: number }): string | null {
  const large = found.candidates > sweepDocumentsMin && found.candidates > found.documents * sweepShareMax;
  if (!large || state.allowLargeSweep || !state.wasLive) return null;
  return `The scan did not find ${found.candidates} of ${found.documents} documents that the caches hold.`;
}

async function moveChunk(client: TransactionClient, epoch: number, chunk: Chunk): Promise<PromotionResult> {
  const state = await lockedState(client, { ...chunk, epoch, lock: 'update', appends: true });
  if (state === null) {
    await client.query('ROLLBACK');
    return { kind: 'superseded' };
  }
  const scope = { entityId: chunk.entityId, runId: chunk.runId, version: state.version, epoch, limit: chunk.limit };
  const { promoted, swept, done } = await moveRows(client, scope);
  if (done) {
    await markLive(client, chunk.entityId);
    await recordStreamStatus(client);
    await closeSourceIncidents(client);
  }
  await commitAppend(client, { epoch, appended: promoted + swept > 0, controlChanged: done });
  if (done && state.errorCode !== null) return { kind: 'refused' };
  return { kind: done ? 'done' : 'moved', promoted, swept };
}

/** Moves staged rows first, then sweeps with the rest of the limit. Done if the sweep found fewer deletions than that rest. */
async function moveRows(client: TransactionClient, scope: Parameters<typeof promoteStaged>[1]) {
  const { promoted, taken } = await promoteStaged(client, scope);
  const rest = scope.limit - taken;
  if (rest <= 0) return { promoted, swept: 0, done: false };
  const swept = await sweepChunk(client, { ...scope, limit: rest });
  return { promoted, swept, done: swept < rest };
}

interface LockedEntity extends Chunk {
  readonly epoch: number;
  readonly lock: 'share' | 'update';
  readonly appends: boolean;
}

/** Null if the entity has a newer run, or its scan is not finished. */
async function lockedState(client: TransactionClient, entity: LockedEntity): Promise<PromotionState | null> {
  const targets = await beginAppend(client, { ...entity, entityIds: [entity.entityId] });
  const target = targets.get(entity.entityId);
  if (target?.lifecycle !== 'catching-up' || target.runId !== entity.runId) return null;
  return readPromotionState(client, entity.entityId);
}
