import type { Clock } from '../clock.ts';
import { linkSignals } from '../linked-signal.ts';

/** Callers that wait for something to become true. `notify` makes each of them look again; there is no polling. */
export class Condition {
  readonly #clock: Clock;
  readonly #waiters = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  notify(): void {
    for (const look of this.#waiters) look();
  }

  /** Resolves true once the test is true, false on time-out (null: none) or abort. */
  async wait(test: () => boolean, timeoutMs: number | null, signal: AbortSignal): Promise<boolean> {
    if (test()) return true;
    if (signal.aborted) return false;
    using timeout = linkSignals([signal]);
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const look = (): void => {
      if (test()) resolve(true);
    };
    this.#waiters.add(look);
    const over = this.#clock.sleep(timeoutMs ?? Number.POSITIVE_INFINITY, timeout.signal).then(() => resolve(false));
    const isTrue = await promise;
    this.#waiters.delete(look);
    timeout.abort();
    await over;
    return isTrue;
  }
}
