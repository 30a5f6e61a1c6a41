import type { Clock } from '@emcachers/core/clock';
import { type LinkedAbort, linkedAbort, untilAborted } from './abort.ts';

/**
 * The wait of a loop that polls and can be told to look sooner. `wake` is a hint without content: "something may have
 * changed". The loop's order is look, then `wait`, then look again, which gives:
 *
 * - No hint is lost. One that comes while nobody waits (during a look, or a pause between looks) is kept, and the next
 *   `wait` returns at once. A hint therefore always leads to a look that began after it.
 * - Hints coalesce: any number of them before a look lead to one look.
 * - A wait may end for nothing: a kept hint may be about what the look has just seen. The loop must look, not assume.
 *
 * Not promised: to whom a hint belongs. Every hint ends every wait, a back-off included; a loop whose back-off must last
 * until its time is over or until the thing it waits for has changed sleeps by the clock, or waits on a `Wakeup` that only
 * that thing wakes.
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
   * Resolves at a hint (a kept one counts), after `delayMsMax` milliseconds (null: no limit), or when the signal aborts;
   * the caller asks the signal which it was. Takes the hint with it. Throws if another `wait` has not ended yet.
   */
  async wait(delayMsMax: number | null, signal?: AbortSignal): Promise<void> {
    if (this.#waiting !== null) throw new Error('A wakeup has one waiter at a time.');
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
