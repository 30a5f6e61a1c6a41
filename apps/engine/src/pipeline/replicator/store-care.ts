/**
 * Periodic maintenance of a node's caches: detects files that were replaced, truncated or deleted, runs quick_check once on each
 * newly opened file, saves offsets that move without rows, and reports offsets. Keeps I12: reports come from the files, and a
 * missing report turns the node's health to unknown.
 */
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import type { CacheTrouble } from '../sqlite-cache/cache-types.ts';
import type { CacheStore } from '../sqlite-cache/sqlite-cache.ts';
import type { EntityCache } from './entity-cache.ts';
import type { EntityCacheStatus } from './replicator.ts';

export interface StoreCareDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: CacheStore;
  readonly caches: () => Iterable<EntityCache>;
  readonly report: (statuses: readonly EntityCacheStatus[]) => Promise<void>;
}

/** How often offsets that move without rows are saved, milliseconds. Each save costs a small transaction. */
const saveOffsetsMs = 60_000;
/** How often an unchanged report is repeated, so that it does not count as late, milliseconds. */
const repeatReportMs = 3_000;

const troubleMessages: Readonly<Record<CacheTrouble['kind'], string>> = {
  file: 'A cache file cannot be used.',
  leftover: 'A superseded cache file cannot be deleted; trying again later.',
};

export class StoreCare {
  readonly #dependencies: StoreCareDependencies;
  #savedAtMs: number;
  #reportedAtMs = Number.NEGATIVE_INFINITY;
  #reported = '';
  #checks: Promise<void> = Promise.resolve();
  #isEnding = false;

  constructor(dependencies: StoreCareDependencies) {
    this.#dependencies = dependencies;
    this.#savedAtMs = dependencies.clock.monotonicMs();
  }

  async tend(): Promise<void> {
    const { log, clock } = this.#dependencies;
    const caches = new Map([...this.#dependencies.caches()].map((cache) => [cache.entity.entityId, cache]));
    for (const trouble of await this.#tendStore(caches.values())) {
      const cache = caches.get(trouble.entityId);
      log.warn({ entityName: cache?.entity.entityName, ...trouble }, troubleMessages[trouble.kind]);
      if (trouble.kind === 'file') cache?.fail(new EmcachersError({ code: trouble.code, detail: trouble.reason }));
    }
    if (clock.monotonicMs() - this.#savedAtMs < saveOffsetsMs) return;
    this.#savedAtMs = clock.monotonicMs();
    for (const cache of caches.values()) await this.#saveOffset(cache);
  }

  /** An error of the store itself concerns every cache: its thread ended, or the lock of the data directory was lost. */
  async #tendStore(caches: Iterable<EntityCache>): Promise<readonly CacheTrouble[]> {
    try {
      return await this.#dependencies.store.tend();
    } catch (error) {
      if (!(error instanceof EmcachersError)) throw error;
      const open = [...caches].filter((cache) => cache.hasOpenFile);
      if (open.length > 0)
        this.#dependencies.log.warn({ err: error, caches: open.length }, 'The caches of this node cannot be written.');
      for (const cache of open) cache.fail(error);
      return [];
    }
  }

  async #saveOffset(cache: EntityCache): Promise<void> {
    const { phase, state, offset } = cache;
    if (!cache.isLevel || state === null || offset <= state.offset) return;
    try {
      const saved = await this.#dependencies.store.apply(cache.batch(undefined, offset));
      if (cache.phase === phase) cache.applied(saved, undefined, this.#dependencies.clock.nowMs());
    } catch (error) {
      if (cache.phase === phase) cache.fail(error);
    }
  }

  async report(): Promise<void> {
    const { caches, clock, report } = this.#dependencies;
    const statuses = [...caches()].map((cache) => cache.status());
    const text = JSON.stringify(statuses);
    const now = clock.monotonicMs();
    if (text === this.#reported && now - this.#reportedAtMs < repeatReportMs) return;
    await report(statuses);
    this.#reported = text;
    this.#reportedAtMs = now;
  }

  /** Checks one file at a time, because a full read competes with everything else for the disk. */
  checkLater(cache: EntityCache): void {
    this.#checks = this.#checks.then(() => this.#check(cache));
  }

  async #check(cache: EntityCache): Promise<void> {
    if (this.#isEnding || cache.phase.kind === 'removed') return;
    const { store, log } = this.#dependencies;
    try {
      await store.check(cache.entity.entityId);
    } catch (error) {
      if (!(error instanceof EmcachersError) || error.code !== 'EMC-4001') return;
      log.warn({ err: error, entityName: cache.entity.entityName }, 'A cache file is damaged.');
      cache.fail(error);
    }
  }

  /** Starts no further check. Resolves once the running check has ended. */
  async ended(): Promise<void> {
    this.#isEnding = true;
    await this.#checks;
  }
}
