/**
 * Counts, for each entity, what went to the oplog, how long its changes waited for room in the channel, and its dead letters.
 * Nothing is ever dropped: what waits is written later, and what cannot be projected is kept as a dead letter. Bounded by the
 * number of entities (I11): the counts of an entity end with it.
 */
import type { AppendItem } from '../oplog/oplog-types.ts';

/** Totals of one entity since this node became leader. */
export interface EntityFlow {
  readonly entityId: number;
  readonly entityName: string;
  /** Operations committed to the oplog or to staging, from the change stream and from scans. */
  readonly processed: number;
  /** How often changes of the entity waited because the channel was full. */
  readonly blocked: number;
  readonly blockedMs: number;
  readonly deadLettered: number;
}

type Counts = { -readonly [Key in Exclude<keyof EntityFlow, 'entityId' | 'entityName'>]: number };

/** What was committed together. */
export interface CommittedWork {
  readonly items: readonly AppendItem[];
  readonly deadLetters: readonly { readonly entityId: number }[];
}

export class FlowCounters {
  #names: ReadonlyMap<number, string> = new Map();
  readonly #counts = new Map<number, Counts>();

  /** The entities that there are now. */
  follow(entities: readonly { readonly entityId: number; readonly entityName: string }[]): void {
    this.#names = new Map(entities.map(({ entityId, entityName }) => [entityId, entityName]));
    for (const entityId of this.#counts.keys()) if (!this.#names.has(entityId)) this.#counts.delete(entityId);
  }

  committed({ items, deadLetters }: CommittedWork): void {
    for (const item of items) if ('docId' in item) this.#of(item.entityId).processed += 1;
    for (const { entityId } of deadLetters) this.#of(entityId).deadLettered += 1;
  }

  /** A unit with changes of these entities waited for room. */
  blocked(entityIds: ReadonlySet<number>, waitedMs: number): void {
    for (const entityId of entityIds) {
      const counts = this.#of(entityId);
      counts.blocked += 1;
      counts.blockedMs += waitedMs;
    }
  }

  totals(): readonly EntityFlow[] {
    return [...this.#counts].flatMap(([entityId, counts]) => {
      const entityName = this.#names.get(entityId);
      return entityName === undefined ? [] : [{ entityId, entityName, ...counts }];
    });
  }

  #of(entityId: number): Counts {
    const known = this.#counts.get(entityId);
    if (known !== undefined) return known;
    const counts = { processed: 0, blocked: 0, blockedMs: 0, deadLettered: 0 };
    this.#counts.set(entityId, counts);
    return counts;
  }
}
