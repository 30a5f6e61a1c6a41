/**
 * Keeps the published file of a cache fed while the next generation is built, until the swap. It is a cache of its own, with a
 * driver and a place among those that follow. Keeps I8: its last state is the least that the next generation must contain.
 * Worst case: the served file cannot be written. It then stays as it is, and the build goes on (I10).
 */
import { linkedAbort } from '../../runtime/abort.ts';
import type { CacheStore } from '../sqlite-cache/sqlite-cache.ts';
import { EntityCache } from './entity-cache.ts';

/** Drives the served file until it is removed from those that follow, or the signal aborts. */
type Drive = (served: EntityCache, signal: AbortSignal) => Promise<void>;

export class ServedFeed {
  readonly #cache: EntityCache;
  readonly #store: Pick<CacheStore, 'release'>;
  readonly #drive: Drive;
  #driving: Promise<void> | null = null;

  constructor(cache: EntityCache, store: Pick<CacheStore, 'release'>, drive: Drive) {
    this.#cache = cache;
    this.#store = store;
    this.#drive = drive;
  }

  /** Does nothing if no other file is served, or it is being fed already. */
  start(signal: AbortSignal): void {
    const { entity, identity, state } = this.#cache;
    const isNeeded = state?.served === true && !state.published;
    if (!isNeeded || this.#driving !== null) return;
    const served = new EntityCache(entity, identity.historyId, { isServed: true });
    this.#cache.served = served;
    this.#driving = this.#run(served, signal);
  }

  async #run(served: EntityCache, signal: AbortSignal): Promise<void> {
    using stop = linkedAbort(signal);
    await this.#drive(served, stop.signal);
  }

  /** Afterwards nothing is written to the served file any more, and the cache knows its last state. */
  async stop(): Promise<void> {
    const driving = this.#driving;
    const { served } = this.#cache;
    if (driving === null || served === null) return;
    served.handle({ kind: 'remove' });
    await driving;
    this.#driving = null;
    // A batch that was on its way when the feed ended has been applied before this call.
    const last = await this.#store.release(served.fileId);
    if (served.state !== null && last !== null) served.state = last;
  }

  /** The next generation is published, or the entity is not served from here any more. */
  async end(): Promise<void> {
    await this.stop();
    this.#cache.served = null;
  }
}
