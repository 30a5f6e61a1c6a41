import type { Clock } from '../clock.ts';

interface Waiter {
  readonly sequence: number;
  readonly resolve: (hasEntry: boolean) => void;
}

/** Change streams that wait for the next committed entry. Nobody polls: a commit wakes whoever it concerns. */
export class HistoryWaiters {
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves true when `wake` is called with a sequence beyond the given one, false on time-out or abort. */
  async wait(sequence: number, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    const deferred = Promise.withResolvers<boolean>();
    const waiter: Waiter = { sequence, resolve: deferred.resolve };
    this.#waiters.add(waiter);
    const stop = new AbortController();
    const timeout = this.#clock.sleep(timeoutMs, AbortSignal.any([signal, stop.signal])).then(() => false);
    try {
      return await Promise.race([deferred.promise, timeout]);
    } finally {
      this.#waiters.delete(waiter);
      stop.abort();
    }
  }

  wake(headSequence: number): void {
    for (const waiter of this.#waiters) if (waiter.sequence < headSequence) waiter.resolve(true);
  }
}
