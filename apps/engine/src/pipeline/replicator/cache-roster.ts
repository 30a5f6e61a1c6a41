/**
 * Decides which caches this node keeps: follows the entity table, starts a driver for each entity, and removes the files of
 * deleted entities. Keeps I10: the end of one driver does not affect the others.
 * Worst case: an entity is deleted and re-created under the same name while this node is offline. The file then holds another
 * entity's id, and is removed before the new entity is served.
 */
import type { Log } from '@emcachers/core/log';
import type { CacheStore } from '../sqlite-cache/sqlite-cache.ts';
import { CacheDriver, type DriverDependencies } from './cache-driver.ts';
import { EntityCache, identityOf, type ReplicatedEntity } from './entity-cache.ts';

interface Kept {
  readonly cache: EntityCache;
  readonly driver: CacheDriver;
  /** Resolves once the driver has ended. */
  readonly ended: Promise<void>;
}

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
  #hasRemovedOthers = false;

  constructor(dependencies: RosterDependencies) {
    this.#dependencies = dependencies;
  }

  *caches(): Iterable<EntityCache> {
    for (const { cache } of this.#kept.values()) yield cache;
  }

  named(entityName: string): EntityCache | null {
    const lower = entityName.toLowerCase();
    for (const cache of this.caches()) if (cache.entity.entityName.toLowerCase() === lower) return cache;
    return null;
  }

  wake(cache: EntityCache): void {
    this.#kept.get(cache.entity.entityId)?.driver.wake();
  }

  /** Updates the set of caches to match `entities`. Rejects with EMC-4003 if the files of a deleted entity cannot be removed. */
  async reconcile(entities: readonly ReplicatedEntity[], historyId: string): Promise<void> {
    const present = new Map(
      entities.filter(({ lifecycle }) => lifecycle !== 'deleting').map((each) => [each.entityId, each]),
    );
    for (const kept of [...this.#kept.values()]) if (!present.has(kept.cache.entity.entityId)) await this.#remove(kept);
    if (!this.#hasRemovedOthers) {
      const entityNames = [...present.values()].map(({ entityName }) => entityName);
      await this.#dependencies.store.removeOthers({ entityNames, historyId });
      this.#hasRemovedOthers = true;
    }
    for (const entity of present.values()) this.#keep(entity, historyId);
  }

  /** Resolves once every driver has ended. Call it after the signal has aborted. */
  async ended(): Promise<void> {
    await Promise.all([...this.#kept.values()].map(({ ended }) => ended));
  }

  #keep(entity: ReplicatedEntity, historyId: string): void {
    const kept = this.#kept.get(entity.entityId);
    if (kept === undefined) {
      const cache = new EntityCache(entity, historyId);
      if (entity.paused) cache.handle({ kind: 'pause' });
      const driver = new CacheDriver(cache, this.#dependencies.driver);
      this.#kept.set(entity.entityId, { cache, driver, ended: driver.run(this.#dependencies.signal) });
      return;
    }
    const { cache, driver } = kept;
    const before = cache.identity;
    cache.entity = entity;
    cache.identity = identityOf(entity, historyId);
    cache.handle({ kind: entity.paused ? 'pause' : 'resume' });
    if (before.historyId !== historyId)
      cache.outdate({ code: 'EMC-3003', message: 'PostgreSQL has a different oplog history.' });
    else if (before.rebuildRequested !== entity.rebuildRequested) cache.outdate(null);
    if (cache.isDue) driver.wake();
  }

  async #remove({ cache, ended }: Kept): Promise<void> {
    const { entityId, entityName } = cache.entity;
    cache.handle({ kind: 'remove' });
    await ended;
    await this.#dependencies.store.remove({ entityId, entityName });
    this.#kept.delete(entityId);
    this.#dependencies.log.info({ entityName }, 'Cache removed; its entity was deleted.');
  }
}
