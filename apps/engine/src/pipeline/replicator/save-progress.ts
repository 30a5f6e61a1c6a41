/** Saves offset and source time of caches whose rows did not change. */
import type { Clock } from '@emcachers/core/clock';
import { Wakeup } from '../../runtime/wakeup.ts';
import type { CacheStore } from '../sqlite-cache/sqlite-cache.ts';
import type { EntityCache } from './entity-cache.ts';

interface SaveDependencies {
  readonly clock: Clock;
  readonly store: CacheStore;
}

/** Does nothing if the file has it all, or the cache is not level. A failure suspends this cache only. */
export async function saveProgress(cache: EntityCache, { clock, store }: SaveDependencies): Promise<void> {
  if (!cache.hasProgress) return;
  const { phase, offset } = cache;
  try {
    const saved = await store.apply(cache.batch(undefined, offset));
    if (cache.phase === phase) cache.applied(saved, undefined, clock.nowMs());
  } catch (error) {
    if (cache.phase === phase) cache.fail(error);
  }
}

/** Files written at once, so that a batch of rows waits for no more than these. */
const filesAtOnce = 16;
/** A round is followed by a pause of this many times its own length, so that source times cost at most a fifth of a thread. */
const pauseFactor = 4;

export interface SourceTimesDependencies extends SaveDependencies {
  readonly caches: () => Iterable<EntityCache>;
  /** Shortest pause between two rounds, milliseconds. */
  readonly pauseMsMin: number;
}

/**
 * Brings the source time to caches of which nothing changed. Readers wait for it, so the first move after a pause is written at
 * once; while the source moves on, each file is written once per round.
 */
export class SourceTimes {
  readonly #dependencies: SourceTimesDependencies;
  readonly #wakeup: Wakeup;

  constructor(dependencies: SourceTimesDependencies) {
    this.#dependencies = dependencies;
    this.#wakeup = new Wakeup(dependencies.clock);
  }

  /** Source times may have moved. */
  moved(): void {
    this.#wakeup.wake();
  }

  /** Waits for a move, and writes one round. */
  async step(signal: AbortSignal): Promise<void> {
    const { clock, caches, pauseMsMin } = this.#dependencies;
    await this.#wakeup.wait(null, signal);
    const startedAtMs = clock.monotonicMs();
    const behind = [...caches()].filter((cache) => cache.hasProgress);
    for (let start = 0; start < behind.length && !signal.aborted; start += filesAtOnce)
      await Promise.all(
        behind.slice(start, start + filesAtOnce).map((cache) => saveProgress(cache, this.#dependencies)),
      );
    await clock.sleep(Math.max(pauseMsMin, pauseFactor * (clock.monotonicMs() - startedAtMs)), signal);
  }
}
