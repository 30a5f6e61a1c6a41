import type { Operation } from '@emcachers/core/operation';
import type { AppendTarget } from '@emcachers/db/statements/begin-append';
import type { AppendItem } from './oplog-types.ts';

export type ControlItem = Exclude<AppendItem, Operation>;

export function isControlItem(item: AppendItem): item is ControlItem {
  return item.kind === 'Truncate' || item.kind === 'Rescan';
}

/** Documents for which this batch has a good change, in entities that have dead letters. */
export function healed(
  items: readonly AppendItem[],
  targets: ReadonlyMap<number, AppendTarget>,
): readonly { entityId: number; docIds: string[] }[] {
  const docIds = new Map<number, string[]>();
  for (const item of items) {
    if (isControlItem(item) || targets.get(item.entityId)?.hasDeadLetters !== true) continue;
    const known = docIds.get(item.entityId);
    if (known === undefined) docIds.set(item.entityId, [item.docId]);
    else known.push(item.docId);
  }
  return [...docIds].map(([entityId, ids]) => ({ entityId, docIds: ids }));
}
