/**
 * Compacts the oplog of one entity: removes entries that newer ones supersede, and old Deletes, in small transactions beside
 * appends. Keeps I1 (whoever follows to the end reads what a reader of all entries reads, or starts again at the horizon),
 * I9 (each transaction checks the epoch) and I11 (a bounded slice at a time). It can end between any two transactions: the next
 * run plans the same slice again and finds what is left.
 * Worst case: a cache that compaction waits for does not advance. The oplog grows until that cache is given up.
 */
import type { Clock } from '@emcachers/core/clock';
import type { CompactionState, Slice } from '@emcachers/db/compaction/compaction-state';
import { measureOplog, readCompaction, readSlice } from '@emcachers/db/compaction/compaction-state';
import { type CompactionPlan, planCompaction, planPurge } from '@emcachers/db/compaction/plan-compaction';
import {
  type CompactedSlice,
  finishPass,
  finishSlice,
  type Removed,
  removeEntries,
} from '@emcachers/db/compaction/remove-entries';
import { readHead, readSafePlace, type SafePlace } from '@emcachers/db/compaction/safe-place';
import type { Database } from '@emcachers/db/database';
import { toDatabaseError } from '@emcachers/db/database-error';
import { rewritePartition } from './partition-rewrite.ts';

export interface CompactionOptions {
  /** A cache for which an entry has waited this long is no longer waited for. */
  readonly giveUpMs: number;
  /** How long a Delete is kept. */
  readonly tombstoneMs: number;
  /** An entity is compacted once it has this many entries that are not. */
  readonly entriesMin: number;
  /** Entries of one slice. Default 500,000. */
  readonly sliceEntriesMax?: number;
  /** Entries removed in one transaction. Default 5,000: about 30 ms. */
  readonly chunkEntriesMax?: number;
  /** Pause after each step while entries are appended, as a multiple of the step's duration. Default 9. */
  readonly pauseRatio?: number;
  /** Bytes from which a partition that is mostly dead is rewritten. Default 64 MB. */
  readonly rewriteBytesMin?: number;
  /** Called after each plan and each chunk. */
  readonly onStep?: () => void;
}

export interface CompactionRunDependencies {
  readonly database: Pick<Database, 'pool'>;
  readonly epoch: number;
  readonly clock: Clock;
  readonly options: CompactionOptions;
}

/** How a run ended. `idle`: too little to do. `held`: a cache has not read far enough. `not-live`: a scan began. `stopped`: by the signal. */
export interface CompactionResult {
  readonly kind: 'idle' | 'done' | 'held' | 'not-live' | 'stopped';
  readonly removed: number;
  /** True if the partition was rewritten, so that it takes no more space than its entries need. */
  readonly rewritten: boolean;
}

/** Why a run ends before its slice is done. */
type End = 'held' | 'not-live' | 'stopped';

/** What is planned and removed in turns. */
interface Removals {
  readonly plan: () => Promise<CompactionPlan>;
  readonly removal: Pick<CompactedSlice, 'compactedTo' | 'sliceTo' | 'horizon'>;
  readonly onRemoved: (removed: Removed) => void;
}

const sliceEntriesDefault = 500_000;
const chunkEntriesDefault = 5_000;
const pauseRatioDefault = 9;
const rewriteBytesDefault = 64 * 1024 * 1024;
/** The whole kept part is read for each slice, so a slice must not be small beside it. */
const newShareMin = 0.1;

export class CompactionRun {
  readonly #dependencies: CompactionRunDependencies;
  readonly #entityId: number;
  readonly #signal: AbortSignal;
  #removed = 0;
  /** The head of the entity's stream after the newest step; null before the first. */
  #head: number | null = null;

  constructor(dependencies: CompactionRunDependencies, entityId: number, signal: AbortSignal) {
    this.#dependencies = dependencies;
    this.#entityId = entityId;
    this.#signal = signal;
  }

  /** Compacts what every cache has applied. Throws EMC-3002 if this node no longer leads, and EMC-3001. */
  async run(): Promise<CompactionResult> {
    try {
      return await this.#run();
    } catch (error) {
      throw toDatabaseError(error);
    }
  }

  async #run(): Promise<CompactionResult> {
    const safe = await this.#safePlace();
    let kind: CompactionResult['kind'] = 'idle';
    for (;;) {
      const next = await this.#next(safe, kind === 'idle');
      if (next === null) break;
      kind = await this.#compact(next.state, next.slice);
      if (kind !== 'done') break;
    }
    await this.#measure(safe);
    const rewritten = kind === 'done' && this.#removed > 0 && (await this.#rewrite());
    if (rewritten) await this.#measure(safe);
    return { kind, removed: this.#removed, rewritten };
  }

  #measure(safe: SafePlace): Promise<void> {
    return measureOplog(this.#dependencies.database.pool, { entityId: this.#entityId, safe });
  }

  #rewrite(): Promise<boolean> {
    const { database, epoch, options } = this.#dependencies;
    return rewritePartition({
      ...{ database, epoch, entityId: this.#entityId, signal: this.#signal },
      bytesMin: options.rewriteBytesMin ?? rewriteBytesDefault,
      paced: (step) => this.#paced(step),
    });
  }

  #safePlace(): Promise<SafePlace> {
    const { database, options } = this.#dependencies;
    return readSafePlace(database.pool, { entityId: this.#entityId, giveUpMs: options.giveUpMs });
  }

  /** Null if what is left is not worth a pass. */
  async #next(safe: SafePlace, isFirst: boolean): Promise<{ state: CompactionState; slice: Slice } | null> {
    const { database, options } = this.#dependencies;
    const { tombstoneMs, entriesMin, sliceEntriesMax = sliceEntriesDefault } = options;
    const entityId = this.#entityId;
    const state = await readCompaction(database.pool, { entityId, tombstoneMs });
    if (state === null || safe.offset < state.compactedTo) return null;
    const request = { entityId, after: state.compactedTo, upTo: safe.offset, entriesMax: sliceEntriesMax };
    const slice = await readSlice(database.pool, request);
    const isLarge = slice.entries >= Math.min(sliceEntriesMax, Math.max(entriesMin, state.kept * newShareMin));
    return isLarge || (isFirst && state.hasOldTombstones) ? { state, slice } : null;
  }

  /** First what is superseded, then old Deletes: a Delete never goes before an Upsert that it supersedes. */
  async #compact({ compactedTo }: CompactionState, slice: Slice): Promise<End | 'done'> {
    const { database, options, epoch } = this.#dependencies;
    const { sliceEntriesMax: idsMax = sliceEntriesDefault } = options;
    const entityId = this.#entityId;
    const request = { entityId, compactedTo, sliceTo: slice.to, idsMax };
    let { entries: kept, deletes: tombstones } = slice;
    const end = await this.#removeAll({
      plan: () => planCompaction(database.pool, request, this.#signal),
      // What a slice supersedes is below its end. See `finishSlice` for why the end itself is left for the Deletes.
      removal: { ...request, horizon: slice.to - 1 },
      onRemoved: (removed) => {
        kept -= removed.entriesOfSlice;
        tombstones -= removed.deletesOfSlice;
      },
    });
    if (end !== null) return end;
    const purgeTo = await finishSlice(database.pool, { epoch, entityId, sliceTo: slice.to, kept, tombstones });
    return (await this.#purge(purgeTo)) ?? 'done';
  }

  /** Removes Deletes that are old enough. Null if all were removed. */
  async #purge(purgeTo: number): Promise<End | null> {
    const { database, options, epoch } = this.#dependencies;
    const { sliceEntriesMax: idsMax = sliceEntriesDefault, tombstoneMs } = options;
    const entityId = this.#entityId;
    const end = await this.#removeAll({
      plan: () => planPurge(database.pool, { entityId, purgeTo, tombstoneMs, idsMax }, this.#signal),
      removal: { compactedTo: purgeTo, sliceTo: purgeTo, horizon: purgeTo },
      onRemoved: () => undefined,
    });
    if (end === null) await finishPass(database.pool, { epoch, entityId, removed: this.#removed });
    return end;
  }

  /** Plans and removes until nothing is left. Null if all were removed. */
  async #removeAll({ plan, removal, onRemoved }: Removals): Promise<End | null> {
    for (let isComplete = false; !isComplete; ) {
      const planned = await this.#paced(plan);
      const end = await this.#remove(planned.ids, removal, onRemoved);
      if (end !== null) return end;
      ({ isComplete } = planned);
    }
    return null;
  }

  /** Null if all were removed. */
  async #remove(
    ids: readonly number[],
    removal: Removals['removal'],
    onRemoved: Removals['onRemoved'],
  ): Promise<End | null> {
    const { database, epoch, options } = this.#dependencies;
    const { giveUpMs, chunkEntriesMax = chunkEntriesDefault } = options;
    const slice = { ...removal, epoch, entityId: this.#entityId, giveUpMs };
    for (let from = 0; from < ids.length; from += chunkEntriesMax) {
      if (this.#signal.aborted) return 'stopped';
      const chunk = ids.slice(from, from + chunkEntriesMax);
      const outcome = await this.#paced(() => removeEntries(database.pool, slice, chunk));
      if (outcome.kind !== 'removed') return outcome.kind;
      this.#removed += outcome.removed.entries;
      onRemoved(outcome.removed);
    }
    return null;
  }

  /** Takes a step, and while entries are appended a pause after it, so that appends keep most of the machine. */
  async #paced<Result>(step: () => Promise<Result>): Promise<Result> {
    const { clock, options, database } = this.#dependencies;
    const startedAtMs = clock.monotonicMs();
    const result = await step();
    options.onStep?.();
    const durationMs = clock.monotonicMs() - startedAtMs;
    const before = this.#head;
    this.#head = await readHead(database.pool, this.#entityId);
    if (before !== this.#head) await clock.sleep(durationMs * (options.pauseRatio ?? pauseRatioDefault), this.#signal);
    return result;
  }
}
