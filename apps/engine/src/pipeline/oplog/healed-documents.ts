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
  const docIds = new Map<number, string[]>();
  const refused = new Set(batch.deadLetters.map(keyOf));
  for (const item of batch.items) {
    if (isControlItem(item) || targets.get(item.entityId)?.hasDeadLetters !== true) continue;
    if (refused.has(keyOf(item))) continue;
    const known = docIds.get(item.entityId);
    if (known === undefined) docIds.set(item.entityId, [item.docId]);
    else known.push(item.docId);
  }
  return [...docIds].map(([entityId, ids]) => ({ entityId, docIds: ids }));
}

function keyOf({ entityId, docId }: { entityId: number; docId: string }): string {
  return `${entityId} ${docId}`;
}
