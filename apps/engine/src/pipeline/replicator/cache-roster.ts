/**
 * Which caches this node keeps: follows the entity table, starts a driver for each entity and removes the files of those
 * that are gone. Keeps I10: one driver's end is nobody else's.
 * The worst that can happen: a name is deleted and defined again while this node was away; the file then says another
 * entity's id, and is removed before anything is served under the new one.
 */
import type { Log } from '@emcachers/core/log';
import type { CacheStore } from '../sqlite-cache/sqlite-cache.ts';
import { CacheDriver, type DriverDependencies } from './cache-driver.ts';
import { EntityCache, identityOf, type ReplicatedEntity } from './entity-cache.ts';

interface Kept {
  readonly cache: EntityCache;
  readonly driver: CacheDriver;
  /** Resolves when the driver has ended. */
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
    for (const cache of this.caches()) if (cache.entity.name.toLowerCase() === lower) return cache;
    return null;
  }

  wake(cache: EntityCache): void {
    this.#kept.get(cache.entity.id)?.driver.wake();
  }

  /** Makes the caches those of `entities`. Rejects with EMC-4003 when files of a gone entity cannot be removed. */
  async reconcile(entities: readonly ReplicatedEntity[], oplogGeneration: string): Promise<void> {
    const present = new Map(entities.filter(({ activity }) => activity !== 'deleting').map((each) => [each.id, each]));
    for (const kept of [...this.#kept.values()]) if (!present.has(kept.cache.entity.id)) await this.#remove(kept);
    if (!this.#hasRemovedOthers) {
      const entityNames = [...present.values()].map(({ name }) => name);
      await this.#dependencies.store.removeOthers({ entityNames, oplogGeneration });
      this.#hasRemovedOthers = true;
    }
    for (const entity of present.values()) this.#keep(entity, oplogGeneration);
  }

  /** Resolves when every driver has ended; the signal must have aborted. */
  async ended(): Promise<void> {
    await Promise.all([...this.#kept.values()].map(({ ended }) => ended));
  }

  #keep(entity: ReplicatedEntity, oplogGeneration: string): void {
    const kept = this.#kept.get(entity.id);
    if (kept === undefined) {
      const cache = new EntityCache(entity, oplogGeneration);
      if (entity.paused) cache.handle({ kind: 'pause' });
      const driver = new CacheDriver(cache, this.#dependencies.driver);
      this.#kept.set(entity.id, { cache, driver, ended: driver.run(this.#dependencies.signal) });
      return;
    }
    const { cache, driver } = kept;
    const before = cache.identity;
    cache.entity = entity;
    cache.identity = identityOf(entity, oplogGeneration);
    cache.handle({ kind: entity.paused ? 'pause' : 'resume' });
    if (before.oplogGeneration !== oplogGeneration)
      cache.outdate({ code: 'EMC-3003', message: 'PostgreSQL has another history of the oplog.' });
    else if (before.rebuildRequested !== entity.rebuildRequested) cache.outdate(null);
    if (cache.isDue) driver.wake();
  }

  async #remove({ cache, ended }: Kept): Promise<void> {
    const { id, name } = cache.entity;
    cache.handle({ kind: 'remove' });
    await ended;
    await this.#dependencies.store.remove({ entityId: id, entityName: name });
    this.#kept.delete(id);
    this.#dependencies.log.info({ entityName: name }, 'The cache is removed, its entity is gone.');
  }
}
