/**
 * Drives one cache through its phases until it is level, and again after each event that concerns it. Keeps I10: an error of
 * this file suspends this cache with a back-off and affects no other. Keeps I8 by the order of its steps: a new generation is
 * created beside the old one and published only when it is level and contains the first complete scan.
 * Worst case: the disk stays full. The cache then retries every 30 s and reports the error in its status.
 */
import { backoffDelayMs } from '@emcachers/core/backoff';
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import { unreachable } from '@emcachers/core/unreachable';
import { linkedAbort } from '../../runtime/abort.ts';
import { Wakeup } from '../../runtime/wakeup.ts';
import type { OplogReader } from '../oplog/oplog.ts';
import type { OplogPage } from '../oplog/oplog-types.ts';
import type { CacheState } from '../sqlite-cache/cache-types.ts';
import type { CacheStore } from '../sqlite-cache/sqlite-cache.ts';
import type { IndexedOutcome } from './cache-indexing.ts';
import type { CachePhase } from './cache-phase.ts';
import type { EntityCache } from './entity-cache.ts';
import { adoptNewestTerm, checkHistory, checkPlace, restoredMessage } from './history-check.ts';
import { entriesByEntity, pageEnd } from './page-batches.ts';
import { ServedFeed } from './served-feed.ts';
import type { Turns } from './turns.ts';

/** How a cache reads its own pages. */
interface CatchUp {
  /** Limits how many caches catch up at once. */
  readonly turns: Turns;
  readonly pageRowsMax: number;
  readonly pageBytesMax: number;
}

export interface DriverDependencies extends CatchUp {
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly oplog: OplogReader;
  readonly store: CacheStore;
  /** Limits how many caches change their indexes at once. */
  readonly indexTurns: Turns;
  /** Of the files that serve while others are built. */
  readonly served: CatchUp;
  /** Runs quick_check on the published file, beside its other calls. */
  readonly checkLater: (cache: EntityCache) => void;
  /** Copies a snapshot to a new generation; null if none fits. */
  readonly startFromSnapshot: (cache: EntityCache, signal: AbortSignal) => Promise<CacheState | null>;
  /** The node has something new to report about a cache. */
  readonly reportSoon: () => void;
}

const fileBackoff = { delayMsBase: 100, delayMsMax: 30_000 };
/** A lock ends without notice, and what waits for it is one cheap attempt. */
const lockBackoff = { delayMsBase: 100, delayMsMax: 2_000 };
const databaseBackoff = { delayMsBase: 100, delayMsMax: 2_000 };
/** A cache that was level for this long had recovered from its earlier failures, milliseconds. */
const steadyMs = 5_000;

export class CacheDriver {
  readonly cache: EntityCache;
  readonly #dependencies: DriverDependencies;
  readonly #wakeup: Wakeup;
  readonly #feed: ServedFeed;
  /** The newest generation that this process built or has checked before its publication. */
  #soundGeneration: number | null = null;
  /** Aborts when the phase changes, which cancels a pending turn. */
  #left = new AbortController();

  constructor(cache: EntityCache, dependencies: DriverDependencies) {
    this.cache = cache;
    this.#dependencies = dependencies;
    this.#wakeup = new Wakeup(dependencies.clock);
    this.#feed = new ServedFeed(cache, dependencies.store, (served, signal) =>
      new CacheDriver(served, servedDependencies(dependencies)).run(signal),
    );
    cache.onChange = () => {
      this.#left.abort();
      this.#wakeup.wake();
      dependencies.reportSoon();
    };
  }

  /** Signals that work may have become due. */
  wake(): void {
    this.#wakeup.wake();
  }

  /** Runs until the entity is gone or the signal aborts. Never rejects because of the file or PostgreSQL. */
  async run(signal: AbortSignal): Promise<void> {
    const { cache } = this;
    let databaseFailures = 0;
    while (!signal.aborted && cache.phase.kind !== 'removed') {
      const { phase } = cache;
      this.#left = new AbortController();
      try {
        await this.#step(phase, signal);
        databaseFailures = 0;
      } catch (error) {
        if (isDatabaseFault(error)) {
          await this.#backOff(backoffDelayMs(databaseFailures, databaseBackoff, this.#dependencies.random) + 1, signal);
          databaseFailures += 1;
        } else this.#suspend(phase, error);
      }
    }
    await this.#feed.end().catch((error: unknown) => this.#suspend(cache.phase, error));
  }

  /** Ends early only if the phase changes: news of the oplog must not shorten the wait of a cache that cannot use them. */
  async #backOff(delayMs: number, signal: AbortSignal): Promise<void> {
    using waiting = linkedAbort(signal, this.#left.signal);
    await this.#dependencies.clock.sleep(delayMs, waiting.signal);
  }

  #suspend(phase: CachePhase, error: unknown): void {
    const { cache } = this;
    if (cache.phase !== phase) return;
    const { log } = this.#dependencies;
    const { entityName } = cache.entity;
    log.warn({ err: error, entityName }, 'Cache suspended after an error; it will be retried.');
    cache.fail(error);
  }

  async #step(phase: CachePhase, signal: AbortSignal): Promise<void> {
    const { cache } = this;
    switch (phase.kind) {
      case 'opening':
        return this.#open(phase, signal);
      case 'creating':
        return cache.isServed ? this.#leave() : this.#create(phase, signal);
      case 'catching-up':
        return this.#catchUpInTurn(phase, signal);
      case 'level':
        await this.#indexIfDue(phase, signal);
        if (cache.phase !== phase) return;
        await this.publishIfDue();
        return this.#idle(signal);
      case 'paused':
        await this.#feed.end();
        return this.#wakeup.wait(null, signal);
      case 'failed': {
        const backoff = cache.error?.code === 'EMC-4004' ? lockBackoff : fileBackoff;
        await this.#backOff(backoffDelayMs(cache.failures, backoff, this.#dependencies.random) + 1, signal);
        return this.#handleIn(phase, 'retry');
      }
      case 'removed':
        return;
      default:
        return unreachable(phase);
    }
  }

  async #create(phase: CachePhase, signal: AbortSignal): Promise<void> {
    const { cache } = this;
    const isServedSound = cache.error?.code !== 'EMC-4001';
    this.#logOutdated();
    using wanted = linkedAbort(signal, this.#left.signal);
    const started = await this.#dependencies.startFromSnapshot(cache, wanted.signal);
    // A copy can take long. What it was made for may be paused or gone, and a build begins with what is asked for then.
    if (wanted.signal.aborted) return;
    cache.opened(started ?? (await this.#dependencies.store.build(cache.identity)));
    this.#soundGeneration = cache.state?.generation ?? null;
    if (isServedSound) this.#feed.start(signal);
    this.#handleIn(phase, 'ready');
  }

  /** A served file that cannot continue stays as it is. Offsets of another history say nothing about the next generation. */
  #leave(): void {
    const { cache } = this;
    if (cache.error?.code === 'EMC-3003') cache.state = null;
    cache.handle({ kind: 'remove' });
  }

  /** Everything that concerns a level cache wakes it, and an idle one must cost nothing: only a failed index has a time limit. */
  async #idle(signal: AbortSignal): Promise<void> {
    const startedAtMs = this.#dependencies.clock.monotonicMs();
    await this.#wakeup.wait(this.cache.indexing.delayMs(this.cache.indexed, startedAtMs), signal);
    const waitedMs = this.#dependencies.clock.monotonicMs() - startedAtMs;
    if (waitedMs >= steadyMs) this.cache.failures = this.cache.phase.kind === 'failed' ? 1 : 0;
  }

  /** Applies a result only if the cache's phase did not change while the result was awaited. */
  #handleIn(phase: CachePhase, kind: 'ready' | 'unfit' | 'caught-up' | 'retry'): void {
    if (this.cache.phase === phase) this.cache.handle({ kind });
  }

  async #open(phase: CachePhase, signal: AbortSignal): Promise<void> {
    const { cache } = this;
    const { store, log, checkLater } = this.#dependencies;
    const finding = await store.open(cache.identity);
    if (finding.kind === 'unusable' && !cache.isServed)
      log.warn(
        { entityName: cache.entity.entityName, code: finding.code, reason: finding.reason },
        'The cache is built again.',
      );
    if (finding.kind !== 'present') return this.#handleIn(phase, 'unfit');
    cache.opened(finding.state);
    if (!(await adoptNewestTerm(this.#dependencies.oplog, cache)))
      return cache.outdate({ code: 'EMC-3003', message: restoredMessage });
    if (finding.state.published) checkLater(cache);
    else this.#feed.start(signal);
    this.#handleIn(phase, 'ready');
  }

  /** Logged here, so that it is logged once for each new generation. */
  #logOutdated(): void {
    const { cache } = this;
    const { outdated } = cache;
    if (outdated === null) return;
    const fields = { entityName: cache.entity.entityName, code: outdated.code, reason: outdated.message };
    this.#dependencies.log.warn(fields, 'The cache is built again; the old file serves meanwhile.');
    cache.outdated = null;
  }

  async #catchUpInTurn(phase: CachePhase, signal: AbortSignal): Promise<void> {
    using wanted = linkedAbort(signal, this.#left.signal);
    const work = async (): Promise<void> => {
      await this.#checkUnpublished();
      await this.#catchUp(phase, signal);
    };
    await this.#dependencies.turns.take(work, wanted.signal);
  }

  /**
   * An earlier process may have left a damaged file. It is checked before anything else happens to it: publication empties its
   * log, which fails while a check reads.
   */
  async #checkUnpublished(): Promise<void> {
    const { state, entity } = this.cache;
    if (state === null || state.published || state.generation === this.#soundGeneration) return;
    await this.#dependencies.store.check(entity.entityId, { thorough: false });
    this.#soundGeneration = state.generation;
  }

  /** Reads and applies pages of this entity only. The next page is read while one is applied. */
  async #catchUp(phase: CachePhase, signal: AbortSignal): Promise<void> {
    const { cache } = this;
    const { pageRowsMax } = this.#dependencies;
    let ahead: Promise<OplogPage> | null = this.#readPage(cache.offset, pageRowsMax);
    while (ahead !== null) {
      const page: OplogPage = await ahead;
      if (signal.aborted || cache.phase !== phase) return;
      // If the page must be read again, the phase stays, and so this step is repeated from the cache's offset.
      if (!(await this.#mayApply(page))) return;
      const end = pageEnd(page);
      ahead = page.full ? this.#readPage(end, pageRowsMax) : null;
      // The next turn of the loop handles a rejection; until then it must not count as unhandled.
      ahead?.catch(() => undefined);
      await this.#apply(page, end);
    }
    await this.#mendIfAsked();
    this.#handleIn(phase, 'caught-up');
  }

  /**
   * Entries above the offset are not written here: they are applied in their order. A document without an entry does not exist.
   * The pages of another cache may wait for this turn, which is one look into the oplog and one transaction.
   */
  async #mendIfAsked(): Promise<void> {
    const { cache } = this;
    const { oplog, store, clock } = this.#dependencies;
    const { mend } = cache;
    if (mend === null) return;
    const { entityId } = cache.entity;
    const newest = new Map(
      (await oplog.newestOf({ entityId, docIds: mend.docIds })).map((entry) => [entry.docId, entry]),
    );
    const docIds = mend.docIds.filter((docId) => (newest.get(docId)?.id ?? 0) <= cache.offset);
    const data = docIds.map((docId) => newest.get(docId)?.data ?? null);
    cache.applied(await store.mend({ entityId, docIds, data }), undefined, clock.nowMs());
    mend.isDone = true;
    cache.mend = null;
  }

  /** False if the page must be read again, and if the cache cannot continue from it, in which case it is outdated here. */
  async #mayApply(page: OplogPage): Promise<boolean> {
    const { cache } = this;
    const { phase } = cache;
    const outdated = checkPlace(cache, page);
    if (outdated !== null) {
      cache.outdate(outdated);
      return false;
    }
    const history = await checkHistory(this.#dependencies.oplog, cache, page);
    if (cache.phase !== phase) return false;
    if (history === 'restored') cache.outdate({ code: 'EMC-3003', message: restoredMessage });
    return history === 'same';
  }

  async #apply(page: OplogPage, end: number): Promise<void> {
    const { cache } = this;
    const { store, clock } = this.#dependencies;
    const entries = entriesByEntity(page.entries).get(cache.entity.entityId);
    if (entries !== undefined) cache.applied(await store.apply(cache.batch(entries, end)), entries, clock.nowMs());
    cache.offset = Math.max(cache.offset, end);
    cache.readTo = cache.offset;
  }

  /**
   * A file gets its indexes once it is complete, a new one before it is published. The cache leaves the level ones meanwhile, so that
   * nothing else is applied, and catches up afterwards. It stays level while it waits for its turn.
   */
  async #indexIfDue(phase: CachePhase, signal: AbortSignal): Promise<void> {
    const { cache } = this;
    // The next generation gets what is declared.
    if (cache.isServed) return;
    const { clock, indexTurns } = this.#dependencies;
    const isWanted = (): boolean =>
      cache.phase === phase && cache.isComplete && cache.indexing.isDue(cache.indexed, clock.monotonicMs());
    if (!isWanted()) return;
    using wanted = linkedAbort(signal, this.#left.signal);
    await indexTurns.take(async () => {
      if (isWanted()) await this.#changeIndexes();
    }, wanted.signal);
  }

  async #changeIndexes(): Promise<void> {
    const { cache } = this;
    const { store, clock, random, log } = this.#dependencies;
    const { entityName } = cache.entity;
    cache.handle({ kind: 'reread' });
    cache.indexing.begun();
    let outcome: IndexedOutcome | null = null;
    try {
      const { declared } = cache.indexed;
      const { state, failures } = await store.changeIndexes(cache.identity, declared);
      cache.applied(state, undefined, clock.nowMs());
      outcome = { file: { declared, state }, failures, nowMs: clock.monotonicMs(), random };
      for (const failure of failures)
        log.warn({ entityName, code: 'EMC-4007', ...failure }, 'An index of a cache could not be built; trying again.');
      if (failures.length === 0) log.info({ entityName, indexes: state.indexes }, 'The cache has its indexes.');
    } finally {
      cache.indexing.ended(outcome);
      this.#dependencies.reportSoon();
    }
  }

  /** Saves the offset first, so that a reader never finds the file behind the offset that was reported. */
  async publishIfDue(): Promise<void> {
    const { cache } = this;
    const { store, clock, log } = this.#dependencies;
    if (!cache.isDue) return;
    await this.#feed.stop();
    // The served file may have got one more page. The follower brings it to this cache too, and then wakes it.
    if (!cache.isDue) return;
    cache.applied(await store.apply(cache.batch(undefined, cache.offset)), undefined, clock.nowMs());
    cache.applied(await store.publish(cache.entity.entityId), undefined, clock.nowMs());
    log.info(
      { entityName: cache.entity.entityName, offset: cache.offset, path: cache.state?.path },
      'The cache is published.',
    );
    await this.#feed.end();
    this.#dependencies.reportSoon();
  }

  #readPage(afterId: number, limitRows: number): Promise<OplogPage> {
    const { oplog, pageBytesMax } = this.#dependencies;
    const { streamId, entityId } = this.cache.entity;
    return oplog.readPage({ streamId, afterId, entityIds: [entityId], limitRows, limitBytes: pageBytesMax });
  }
}

/** Its file is checked before it is replaced, or not at all. */
function servedDependencies(dependencies: DriverDependencies): DriverDependencies {
  const { store, served } = dependencies;
  return { ...dependencies, ...served, store: { ...store, open: store.openServed }, checkLater: () => undefined };
}

/** True if PostgreSQL is unreachable or refuses: the cache file is intact and waits. */
export function isDatabaseFault(error: unknown): boolean {
  return error instanceof EmcachersError && error.code.startsWith('EMC-3');
}
