import type { Operation } from '@emcachers/core/operation';
import type { AppendTarget } from '@emcachers/db/statements/begin-append';
import { markScanFailed, restartScans } from '@emcachers/db/statements/scan-state';
import { truncateEntity } from '@emcachers/db/statements/truncate-entity';
import { type AppendingTransaction, isRefreshing } from './append-operations.ts';
import type { AppendItem, EntityFailure } from './oplog-types.ts';

interface AppliedControlItem {
  /** The entity states that apply to later items of the batch. */
  readonly targets: ReadonlyMap<number, AppendTarget>;
  readonly appended: number;
  readonly restarted: boolean;
}

/**
 * Handles an entity whose source was dropped, renamed or replaced, at that point of the stream. The stream proves that the
 * documents are gone, so the sweep of the following scan needs no confirmation by an operator.
 */
export async function applyControlItem(
  transaction: AppendingTransaction,
  item: Exclude<AppendItem, Operation>,
): Promise<AppliedControlItem> {
  const { client, epoch, targets } = transaction;
  const target = targets.get(item.entityId);
  const untouched = { targets, appended: 0, restarted: false };
  if (target === undefined || target.lifecycle === 'deleting') return untouched;
  if (item.kind === 'Rescan') return rescan(transaction, target, item.reason);
  if (item.kind === 'Fail') return fail(transaction, target, item);
  // A scan that has not started yet will read the source in its new state.
  if (target.route === 'none') return untouched;
  // The pages of a running scan may be older than this, so the scan must start again.
  const isComplete = target.route === 'oplog' && !isRefreshing(target);
  const appended = isComplete ? await truncateEntity(client, { ...target, epoch }) : null;
  if (appended !== null) return { targets, appended, restarted: false };
  return rescan(transaction, target, 'The source collection was dropped or renamed away.');
}

async function fail(
  { client, targets }: AppendingTransaction,
  target: AppendTarget,
  failure: EntityFailure,
): Promise<AppliedControlItem> {
  await markScanFailed(client, failure);
  const failed = { ...target, route: 'none', lifecycle: 'failed' } as const;
  return { targets: new Map(targets).set(target.entityId, failed), appended: 0, restarted: false };
}

async function rescan(
  { client, targets }: AppendingTransaction,
  target: AppendTarget,
  reason: string,
): Promise<AppliedControlItem> {
  const ids = await restartScans(client, { entityIds: [target.entityId], reason, allowLargeSweep: true, hasGap: true });
  return { targets: withRestarted(targets, target), appended: 0, restarted: ids.length > 0 };
}

/** The state after `restartScans`. The run is not needed, because nothing of this entity is staged any more. */
function withRestarted(
  targets: ReadonlyMap<number, AppendTarget>,
  target: AppendTarget,
): ReadonlyMap<number, AppendTarget> {
  const route = target.route === 'staging' ? 'none' : target.route;
  return new Map(targets).set(target.entityId, { ...target, route, lifecycle: 'pending', version: target.version + 1 });
}
