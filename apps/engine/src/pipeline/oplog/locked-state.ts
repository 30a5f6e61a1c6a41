import { beginAppend } from '@emcachers/db/statements/begin-append';
import { type PromotionState, readPromotionState } from '@emcachers/db/statements/promotion-state';
import type { TransactionClient } from '@emcachers/db/transaction';
import type { ScanRun } from './oplog-types.ts';

interface LockedRun extends ScanRun {
  readonly epoch: number;
  readonly lock: 'share' | 'update';
  readonly appends: boolean;
}

/** Begins the transaction. Null if the entity has a newer run, or its scan is not finished. */
export async function lockedState(client: TransactionClient, run: LockedRun): Promise<PromotionState | null> {
  const targets = await beginAppend(client, { ...run, entityIds: [run.entityId] });
  const target = targets.get(run.entityId);
  if (target?.lifecycle !== 'catching-up' || target.runId !== run.runId) return null;
  return readPromotionState(client, run.entityId);
}
