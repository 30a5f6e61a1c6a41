import type { Operation } from '@emcachers/core/operation';
import type { AppendTarget } from '@emcachers/db/statements/begin-append';
import { restartScans } from '@emcachers/db/statements/scan-state';
import { truncateEntity } from '@emcachers/db/statements/truncate-entity';
import type { TransactionClient } from '@emcachers/db/transaction';
import type { AppendItem } from './oplog-types.ts';

interface AppendingTransaction {
  readonly client: TransactionClient;
  readonly epoch: number;
  readonly targets: ReadonlyMap<number, AppendTarget>;
}

interface AppliedControlItem {
  /** The states that later items of the batch meet. */
  readonly targets: ReadonlyMap<number, AppendTarget>;
  readonly appended: number;
  readonly restarted: boolean;
}

/**
 * What becomes of an entity whose source was dropped, renamed away or replaced, at that very place of the stream.
 * The stream is proof that the documents are gone, so the sweep of a scan that follows needs no operator's word.
 */
export async function applyControlItem(
  transaction: AppendingTransaction,
  item: Exclude<AppendItem, Operation>,
): Promise<AppliedControlItem> {
  const { client, epoch, targets } = transaction;
  const target = targets.get(item.entityId);
  const untouched = { targets, appended: 0, restarted: false };
  if (target === undefined || target.activity === 'deleting') return untouched;
  if (item.kind === 'Truncate') {
    // A scan that has not begun will find the source as it is then.
    if (target.route === 'none') return untouched;
    const appended = target.route === 'oplog' ? await truncateEntity(client, { ...target, epoch }) : null;
    if (appended !== null) return { targets, appended, restarted: false };
  }
  const reason = item.kind === 'Rescan' ? item.reason : 'The source collection was dropped or renamed away.';
  const ids = await restartScans(client, { entityIds: [target.id], reason, allowLargeSweep: true });
  return { targets: withRestarted(targets, target), appended: 0, restarted: ids.length > 0 };
}

/** The state that `restartScans` leaves behind; its run is not needed, since nothing of this entity is staged any more. */
function withRestarted(
  targets: ReadonlyMap<number, AppendTarget>,
  target: AppendTarget,
): ReadonlyMap<number, AppendTarget> {
  const route = target.route === 'staging' ? 'none' : target.route;
  return new Map(targets).set(target.id, { ...target, route, activity: 'pending', version: target.version + 1 });
}
