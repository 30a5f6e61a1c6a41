/** What a batch of units writes to the oplog. Pure. */
import { tokenPosition } from '../change-source/resume-token.ts';
import type { Conversion } from '../change-source/to-operation.ts';
import type { ChannelBatch } from '../channel/channel.ts';
import type { AppendBatch, AppendItem, DeadLetter } from '../oplog/oplog-types.ts';
import type { ChangeUnit } from './change-units.ts';

/** The operations of a batch in order, and the dead letters that it leaves. */
export function toAppendBatch(batch: ChannelBatch<ChangeUnit>): Pick<AppendBatch, 'items' | 'deadLetters'> {
  const conversions = batch.items.flatMap(({ changes }) => changes.map(({ conversion }) => conversion));
  return { items: batch.items.flatMap(itemsOf), deadLetters: lastingDeadLetters(conversions) };
}

function itemsOf({ changes, isTogether }: ChangeUnit): readonly AppendItem[] {
  const items = changes.flatMap(({ conversion }) => conversion.items);
  const last = changes.at(-1);
  if (!isTogether || items.length < 2 || last === undefined) return items;
  const unit = unitNumber(tokenPosition(last.token).clusterTime);
  return items.map((item) => ('docId' in item ? { ...item, unit } : item));
}

/** Differs between units that follow each other, also across leaders. From 1 to 2^31 - 1. */
function unitNumber(clusterTime: bigint): number {
  const seconds = clusterTime >> 32n;
  const ordinal = clusterTime & 0xffff_ffffn;
  return 1 + Number((seconds * 1_000_003n + ordinal) % 0x7fff_fffen);
}

/**
 * Dead letters whose document has no later good change in the batch, which removes an earlier dead letter. If a document was
 * refused several times, its newest dead letter counts them.
 */
function lastingDeadLetters(conversions: readonly Conversion[]): readonly DeadLetter[] {
  if (conversions.every(({ deadLetters }) => deadLetters.length === 0)) return [];
  const lasting = new Map<string, DeadLetter>();
  for (const { items, deadLetters } of conversions) {
    const refused = deadLetters.map((letter) => ({ ...letter, attempts: attemptsOf(lasting, letter) + 1 }));
    const changed = items.filter((item) => 'docId' in item);
    for (const item of changed) lasting.delete(keyOf(item));
    for (const letter of refused) lasting.set(keyOf(letter), letter);
  }
  return [...lasting.values()];
}

function attemptsOf(letters: ReadonlyMap<string, DeadLetter>, letter: DeadLetter): number {
  return letters.get(keyOf(letter))?.attempts ?? 0;
}

function keyOf({ entityId, docId }: { readonly entityId: number; readonly docId: string }): string {
  return `${entityId} ${docId}`;
}
