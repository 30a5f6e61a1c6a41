/**
 * Periodic maintenance of a node's caches: detects files that were replaced, truncated or deleted, runs quick_check on each newly
 * opened file, saves offsets that move without rows, and reports offsets. Keeps I12: reports come from the files, and a
 * missing report turns the node's health to unknown.
 */
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import type { CacheTrouble } from '../sqlite-cache/cache-types.ts';
import type { CacheStore } from '../sqlite-cache/sqlite-cache.ts';
import type { EntityCache } from './entity-cache.ts';
import type { CachesReport, EntityCacheStatus } from './replicator.ts';
import { ReportPlan } from './report-plan.ts';
import { saveProgress } from './save-progress.ts';

export interface StoreCareDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: CacheStore;
  readonly caches: () => Iterable<EntityCache>;
  /** The same, and the files that serve while these are built. */
  readonly followed: () => Iterable<EntityCache>;
  readonly report: (report: CachesReport) => Promise<void>;
}

/** How often offsets that move without rows are saved, milliseconds. Each save costs a small transaction. */
const saveOffsetsMs = 60_000;
/** How many are saved at one look, so that the cost does not grow with the number of idle caches. */
const savesMax = 4;

const troubleMessages: Readonly<Record<CacheTrouble['kind'], string>> = {
  file: 'A cache file cannot be used.',
  leftover: 'A superseded cache file cannot be deleted; trying again later.',
};

export class StoreCare {
  readonly #dependencies: StoreCareDependencies;
  #savedAtMs: number;
  #toSave: EntityCache[] = [];
  readonly #plan = new ReportPlan();
  /** Generations without older files beside them, by entity. */
  readonly #alone = new Map<number, number>();
  #checks: Promise<void> = Promise.resolve();
  /** Generations whose check has not ended, by entity. */
  readonly #checking = new Map<number, number>();
  #isEnding = false;

  constructor(dependencies: StoreCareDependencies) {
    this.#dependencies = dependencies;
    this.#savedAtMs = dependencies.clock.monotonicMs();
  }

  async tend(): Promise<void> {
    const { log, clock } = this.#dependencies;
    const caches = new Map([...this.#dependencies.followed()].map((cache) => [cache.fileId, cache]));
    for (const trouble of await this.#tendStore(caches.values())) {
      const cache = caches.get(trouble.entityId);
      log.warn({ entityName: cache?.entity.entityName, ...trouble }, troubleMessages[trouble.kind]);
      if (trouble.kind === 'file') cache?.fail(new EmcachersError({ code: trouble.code, detail: trouble.reason }));
    }
    if (this.#toSave.length === 0 && clock.monotonicMs() - this.#savedAtMs >= saveOffsetsMs) {
      this.#savedAtMs = clock.monotonicMs();
      this.#toSave = [...caches.values()].filter((cache) => cache.hasProgress);
    }
    for (const cache of this.#toSave.splice(0, savesMax)) await saveProgress(cache, this.#dependencies);
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

  async report(): Promise<void> {
    const { caches, clock, report } = this.#dependencies;
    const planned = this.#plan.next(
      [...caches()].map((cache) => this.#withGenerations(cache.status())),
      clock.monotonicMs(),
    );
    if (planned === null) return;
    await report(planned.report);
    planned.confirm();
  }

  /** Looks at the files only while older ones may be left. */
  #withGenerations(status: EntityCacheStatus): EntityCacheStatus {
    const { entityId, entityName, generation } = status;
    if (generation === null) return status;
    if (this.#alone.get(entityId) === generation) return { ...status, generations: 1 };
    const generations = this.#countGenerations(entityName);
    if (generations === null) return status;
    if (generations === 1) this.#alone.set(entityId, generation);
    return { ...status, generations };
  }

  /** Null if it cannot be known now, as without a free descriptor or beside a removal. The cache itself may be well. */
  #countGenerations(entityName: string): number | null {
    try {
      return this.#dependencies.store.countGenerations(entityName);
    } catch (error) {
      if (!(error instanceof EmcachersError)) throw error;
      return null;
    }
  }

  /**
   * Checks one file at a time, because a full read competes with everything else for the disk. A file that is opened again and
   * again is checked once meanwhile.
   */
  checkLater(cache: EntityCache): void {
    const { entityId } = cache.entity;
    const generation = cache.state?.generation;
    if (generation === undefined || this.#checking.get(entityId) === generation) return;
    this.#checking.set(entityId, generation);
    this.#checks = this.#checks.then(async () => {
      await this.#check(cache, generation);
      if (this.#checking.get(entityId) === generation) this.#checking.delete(entityId);
    });
  }

  /** Does nothing to a newer generation, which may be about to be published. */
  async #check(cache: EntityCache, generation: number): Promise<void> {
    const isGone = (): boolean => cache.phase.kind === 'removed' || cache.state?.generation !== generation;
    if (this.#isEnding || isGone()) return;
    const { store, log } = this.#dependencies;
    try {
      await store.check(cache.entity.entityId, { thorough: false });
    } catch (error) {
      if (!(error instanceof EmcachersError) || error.code !== 'EMC-4001' || isGone()) return;
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
