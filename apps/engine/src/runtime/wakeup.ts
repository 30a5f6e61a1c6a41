import type { Clock } from '@emcachers/core/clock';

/** A wait that a hint ends early. A hint that comes while nobody waits is kept, so that none is ever missed. */
export class Wakeup {
  readonly #clock: Clock;
  #isHinted = false;
  #hint: AbortController | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wake(): void {
    this.#isHinted = true;
    this.#hint?.abort();
  }

  /** Resolves at the next hint, after `delayMsMax`, or when the signal aborts. For one waiter at a time. */
  async wait(delayMsMax: number, signal: AbortSignal): Promise<void> {
    if (!this.#isHinted && !signal.aborted) {
      const hint = new AbortController();
      this.#hint = hint;
      const stop = (): void => hint.abort();
      signal.addEventListener('abort', stop, { once: true });
      await this.#clock.sleep(delayMsMax, hint.signal);
      signal.removeEventListener('abort', stop);
      this.#hint = null;
    }
    this.#isHinted = false;
  }
}
