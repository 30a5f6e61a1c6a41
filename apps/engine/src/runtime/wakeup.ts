import type { Clock } from '@emcachers/core/clock';
import { type LinkedAbort, linkedAbort, untilAborted } from './abort.ts';

/**
 * The wait of a polling loop, which a hint can end early. `wake` is a hint without content: something may have changed.
 * The loop checks, waits, and checks again, which guarantees:
 *
 * - No hint is lost. A hint that arrives while no wait is pending (during a check, or a pause between checks) is kept, and the next
 *   `wait` returns immediately. Every hint is therefore followed by a check that started after it.
 * - Hints coalesce: any number of hints before a check cause one check.
 * - A wait may end early: a kept hint may concern what the last check already saw. The loop must check, not assume.
 *
 * Not promised: what a hint is about. Every hint ends every wait, including a back-off. A loop whose back-off must last for its
 * full time sleeps on the clock, or waits on a `Wakeup` that only the awaited condition wakes.
 */
export class Wakeup {
  readonly #clock: Clock;
  #isHinted = false;
  #waiting: LinkedAbort | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  wake(): void {
    this.#isHinted = true;
    this.#waiting?.abort();
  }

  /**
   * Resolves at a hint (including a kept one), after `delayMsMax` milliseconds (null: no limit), or when the signal aborts; the
   * caller checks the signal. Consumes the hint. Throws if another `wait` is pending.
   */
  async wait(delayMsMax: number | null, signal?: AbortSignal): Promise<void> {
    if (this.#waiting !== null) throw new Error('A Wakeup allows one waiter at a time.');
    using waiting = linkedAbort(...(signal === undefined ? [] : [signal]));
    if (this.#isHinted) waiting.abort();
    this.#waiting = waiting;
    try {
      await (delayMsMax === null ? untilAborted(waiting.signal) : this.#clock.sleep(delayMsMax, waiting.signal));
    } finally {
      this.#waiting = null;
      this.#isHinted = false;
    }
  }
}
