import type { Clock } from '../clock.ts';
import { linkSignals } from '../linked-signal.ts';

interface Waiter {
  readonly sequence: number;
  readonly resolve: (hasEntry: boolean) => void;
}

/** Change streams that wait for the next committed entry. Commits wake them; there is no polling. */
export class HistoryWaiters {
  readonly #clock: Clock;
  readonly #waiters = new Set<Waiter>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Resolves true when `wake` is called with a sequence beyond the given one, false on time-out or abort. */
  async wait(sequence: number, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    using timeout = linkSignals([signal]);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const waiter: Waiter = { sequence, resolve };
    this.#waiters.add(waiter);
    const over = this.#clock.sleep(timeoutMs, timeout.signal).then(() => resolve(false));
    const hasEntry = await promise;
    this.#waiters.delete(waiter);
    timeout.abort();
    await over;
    return hasEntry;
  }

  wake(headSequence: number): void {
    for (const waiter of this.#waiters) if (waiter.sequence < headSequence) waiter.resolve(true);
  }
}
