import { commitAppend } from '@emcachers/db/statements/commit-append';
import { promoteStaged } from '@emcachers/db/statements/promote-staged';
import { markLive, type PromotionState } from '@emcachers/db/statements/promotion-state';
import { recordStreamStatus } from '@emcachers/db/statements/scan-state';
import { sweepChunk } from '@emcachers/db/statements/sweep';
import { inTransaction, type TransactionClient } from '@emcachers/db/transaction';
import { lockedState } from './locked-state.ts';
import type { PromotionResult } from './oplog-types.ts';
import { planSweepStep, prepareFirst, readinessOf } from './sweep-planning.ts';
import type { OplogWriterOptions } from './writer-options.ts';

/**
 * Promotes a finished scan to a live entity in chunks that commit separately, so that millions of staged rows hold no lock for
 * long and a crash repeats none. Order: plan the sweep (`sweep-planning.ts`; a small first scan has none); move staged rows, oldest first; emit the sweep's
 * deletions; when nothing is left, make the entity live in the same transaction (a concurrent append waits on the entity's row
 * and then sees `live`). Keeps I3, I6, I7, I9. Worst case: a sweep that waits for an operator.
 */
interface Chunk {
  readonly entityId: number;
  readonly runId: string;
  readonly limit: number;
}

export async function promoteChunk(options: OplogWriterOptions, chunk: Chunk): Promise<PromotionResult> {
  const move = () => inTransaction(options.database.pool, (client) => moveChunk(client, options.epoch, chunk));
  const moved = await move();
  if (moved.kind !== 'unprepared') return moved;
  const readiness = await planSweepStep(options, chunk);
  if (readiness.kind === 'planning') return planning;
  if (readiness.kind !== 'prepared') return readiness;
  const result = await move();
  // A newer run has begun since; the caller asks again.
  return result.kind === 'unprepared' ? planning : result;
}

/** Nothing has moved yet; the caller asks again. */
const planning: PromotionResult = { kind: 'moved', promoted: 0, swept: 0 };

/** `unprepared`: the sweep must be planned first, under a lock that live operations do not wait for. */
type Move = PromotionResult | { readonly kind: 'unprepared' };

async function moveChunk(client: TransactionClient, epoch: number, chunk: Chunk): Promise<Move> {
  const state = await lockedState(client, { ...chunk, epoch, lock: 'update', appends: true });
  const readiness = readinessOf(state);
  if (state === null || (readiness !== null && readiness.kind === 'waiting')) {
    await client.query('ROLLBACK');
    return { kind: state === null ? 'superseded' : 'waiting' };
  }
  if (readiness === null && !(await prepareFirst(client, chunk, state))) {
    await client.query('ROLLBACK');
    return { kind: 'unprepared' };
  }
  return moveLocked(client, { ...chunk, epoch }, state);
}

async function moveLocked(
  client: TransactionClient,
  { epoch, ...chunk }: Chunk & { readonly epoch: number },
  state: PromotionState,
): Promise<PromotionResult> {
  const isRefused = state.errorCode !== null;
  const scope = { entityId: chunk.entityId, runId: chunk.runId, version: state.version, epoch, limit: chunk.limit };
  const { promoted, swept, done } = await moveRows(client, { ...scope, isRefused });
  if (done) {
    await markLive(client, chunk.entityId);
    await recordStreamStatus(client, epoch);
  }
  await commitAppend(client, { epoch, appended: promoted + swept > 0, controlChanged: done });
  if (done && isRefused) return { kind: 'refused' };
  return { kind: done ? 'done' : 'moved', promoted, swept };
}

/** Moves staged rows first, then sweeps with the rest of the limit. Done if the sweep found fewer deletions than that rest. */
async function moveRows(
  client: TransactionClient,
  scope: Parameters<typeof promoteStaged>[1] & { isRefused: boolean },
) {
  const { promoted, taken } = await promoteStaged(client, scope);
  const rest = scope.limit - taken;
  if (rest <= 0) return { promoted, swept: 0, done: false };
  const swept = scope.isRefused ? 0 : await sweepChunk(client, { ...scope, limit: rest });
  return { promoted, swept, done: swept < rest };
}
