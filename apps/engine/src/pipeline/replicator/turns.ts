import { unlessAborted } from '../../runtime/abort.ts';

/** A counting semaphore, first come first served. Bounds the memory of caches that catch up together (I11). */
export class Turns {
  readonly #max: number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  async take(action: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (this.#taken >= this.#max && !signal.aborted) await this.#turn(signal);
    if (signal.aborted) return;
    this.#taken += 1;
    try {
      await action();
    } finally {
      this.#taken -= 1;
      this.#waiting.shift()?.();
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const turn = Promise.withResolvers<void>();
    this.#waiting.push(turn.resolve);
    await unlessAborted(turn.promise, signal);
    const place = this.#waiting.indexOf(turn.resolve);
    if (place >= 0) this.#waiting.splice(place, 1);
    // The turn was granted just before the caller was cancelled: pass it to the next waiter.
    else if (signal.aborted) this.#waiting.shift()?.();
  }
}
