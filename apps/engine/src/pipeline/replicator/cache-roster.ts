/**
 * Decides which caches this node keeps: follows the entity table, starts a driver for each entity, and removes the files of
 * deleted entities. Keeps I10: neither the end of one driver nor files that cannot be removed affect the others.
 * Worst case: an entity is deleted and re-created under the same name while this node is offline. The file then holds another
 * entity's id, and is removed before the new entity is served.
 */
import { backoffDelayMs } from '@emcachers/core/backoff';
import type { Log } from '@emcachers/core/log';
import type { CacheStore } from '../sqlite-cache/sqlite-cache.ts';
import { CacheDriver, type DriverDependencies } from './cache-driver.ts';
import { EntityCache, identityOf, type ReplicatedEntity } from './entity-cache.ts';

interface Kept {
  readonly cache: EntityCache;
  readonly driver: CacheDriver;
  /** Resolves once the driver has ended. */
  readonly ended: Promise<void>;
  /** Resolves once the files of the deleted entity are gone; null while it exists. */
  removed: Promise<void> | null;
}

const removalBackoff = { delayMsBase: 500, delayMsMax: 60_000 };

export interface RosterDependencies {
  readonly log: Log;
  readonly store: CacheStore;
  readonly driver: DriverDependencies;
  /** Aborts when the node stops. */
  readonly signal: AbortSignal;
}

export class CacheRoster {
  readonly #dependencies: RosterDependencies;
  readonly #kept = new Map<number, Kept>();
  /** When the caches of entities that were deleted while this node was offline are removed; null once they are gone. */
  #removeOthersAtMs: number | null = Number.NEGATIVE_INFINITY;
  #othersFailures = 0;

  constructor(dependencies: RosterDependencies) {
    this.#dependencies = dependencies;
  }

  *caches(): Iterable<EntityCache> {
    for (const { cache } of this.#kept.values()) yield cache;
  }

  /** All files that follow the oplog, which includes those that serve while a new one is built. */
  *followed(): Iterable<EntityCache> {
    for (const cache of this.caches()) {
      yield cache;
      if (cache.served !== null) yield cache.served;
    }
  }

  cacheOf(entityId: number): EntityCache | null {
    return this.#kept.get(entityId)?.cache ?? null;
  }

  named(entityName: string): EntityCache | null {
    const lower = entityName.toLowerCase();
    for (const cache of this.caches()) if (cache.entity.entityName.toLowerCase() === lower) return cache;
    return null;
  }

  wake(cache: EntityCache): void {
    this.#kept.get(cache.entity.entityId)?.driver.wake();
  }

  /** Updates the set of caches to match `entities`. Does not wait for the files of deleted entities to be removed. */
  async reconcile(entities: readonly ReplicatedEntity[], historyId: string): Promise<void> {
    const present = new Map(
      entities.filter(({ lifecycle }) => lifecycle !== 'deleting').map((each) => [each.entityId, each]),
    );
    for (const kept of this.#kept.values()) if (!present.has(kept.cache.entity.entityId)) this.#startRemoval(kept);
    const beingRemoved = new Set([...this.#kept.values()].filter(({ removed }) => removed !== null).map(nameOf));
    await this.#removeOthers(
      [...[...present.values()].map(({ entityName }) => entityName), ...beingRemoved],
      historyId,
    );
    for (const entity of present.values()) if (!beingRemoved.has(entity.entityName)) this.#keep(entity, historyId);
  }

  /** Resolves once every driver and every removal has ended. Call it after the signal has aborted. */
  async ended(): Promise<void> {
    const all = [...this.#kept.values()];
    await Promise.all(all.flatMap(({ ended, removed }) => (removed === null ? [ended] : [ended, removed])));
  }

  /** Once per start. What cannot be removed is tried again later, and delays no other cache. */
  async #removeOthers(entityNames: readonly string[], historyId: string): Promise<void> {
    const { store, log, driver } = this.#dependencies;
    if (this.#removeOthersAtMs === null || driver.clock.monotonicMs() < this.#removeOthersAtMs) return;
    const troubles = await store.removeOthers({ entityNames, historyId });
    for (const trouble of troubles)
      log.warn(trouble, 'The cache of a deleted entity cannot be removed; trying again later.');
    const delayMs = backoffDelayMs(this.#othersFailures, removalBackoff, driver.random);
    this.#othersFailures += 1;
    this.#removeOthersAtMs = troubles.length === 0 ? null : driver.clock.monotonicMs() + delayMs;
  }

  #keep(entity: ReplicatedEntity, historyId: string): void {
    const kept = this.#kept.get(entity.entityId);
    if (kept === undefined) {
      const cache = new EntityCache(entity, historyId);
      if (entity.paused) cache.handle({ kind: 'pause' });
      const driver = new CacheDriver(cache, this.#dependencies.driver);
      this.#kept.set(entity.entityId, { cache, driver, ended: driver.run(this.#dependencies.signal), removed: null });
      return;
    }
    const { cache, driver } = kept;
    const before = cache.identity;
    const { clock } = this.#dependencies.driver;
    cache.entity = entity;
    cache.identity = identityOf(entity, historyId);
    cache.handle({ kind: entity.paused ? 'pause' : 'resume' });
    if (before.historyId !== historyId)
      cache.outdate({ code: 'EMC-3003', message: 'PostgreSQL has a different oplog history.' });
    else if (before.rebuildRequested !== entity.rebuildRequested) cache.outdate(null);
    if (cache.isDue || cache.indexing.isDue(cache.indexed, clock.monotonicMs())) driver.wake();
  }

  #startRemoval(kept: Kept): void {
    kept.removed ??= this.#remove(kept);
  }

  /** Tries until the files are gone or the node stops. A new entity of this name gets its cache after that. */
  async #remove({ cache, ended }: Kept): Promise<void> {
    const { driver, log, signal } = this.#dependencies;
    cache.handle({ kind: 'remove' });
    await ended;
    for (let failures = 0; !signal.aborted; failures += 1) {
      if (await this.#removeFiles(cache)) {
        this.#kept.delete(cache.entity.entityId);
        log.info({ entityName: cache.entity.entityName }, 'Cache removed; its entity was deleted.');
        driver.reportSoon();
        return;
      }
      await driver.clock.sleep(backoffDelayMs(failures, removalBackoff, driver.random), signal);
    }
  }

  async #removeFiles({ entity: { entityId, entityName } }: EntityCache): Promise<boolean> {
    const { store, log } = this.#dependencies;
    try {
      await store.remove({ entityId, entityName });
      return true;
    } catch (error) {
      log.warn({ err: error, entityName }, 'The cache of a deleted entity cannot be removed; trying again later.');
      return false;
    }
  }
}

function nameOf({ cache }: Kept): string {
  return cache.entity.entityName;
}
