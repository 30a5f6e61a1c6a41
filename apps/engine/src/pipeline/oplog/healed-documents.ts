import type { Operation } from '@emcachers/core/operation';
import type { AppendTarget } from '@emcachers/db/statements/begin-append';
import type { AppendItem, DeadLetter } from './oplog-types.ts';

export type ControlItem = Exclude<AppendItem, Operation>;

export function isControlItem(item: AppendItem): item is ControlItem {
  return item.kind === 'Truncate' || item.kind === 'Rescan' || item.kind === 'Fail';
}

/** Documents for which this batch has a good change and no dead letter, in entities that have dead letters. */
export function healed(
  batch: { readonly items: readonly AppendItem[]; readonly deadLetters: readonly DeadLetter[] },
  targets: ReadonlyMap<number, AppendTarget>,
): readonly { entityId: number; docIds: string[] }[] {
  const refused = new Set(batch.deadLetters.map(keyOf));
  const good = batch.items.filter(
    (item): item is Operation =>
      !isControlItem(item) && targets.get(item.entityId)?.hasDeadLetters === true && !refused.has(keyOf(item)),
  );
  const byEntity = Map.groupBy(good, ({ entityId }) => entityId);
  return [...byEntity].map(([entityId, operations]) => ({ entityId, docIds: operations.map(({ docId }) => docId) }));
}

function keyOf({ entityId, docId }: { entityId: number; docId: string }): string {
  return `${entityId} ${docId}`;
}
