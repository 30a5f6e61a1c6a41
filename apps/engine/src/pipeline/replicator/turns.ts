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

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        signal.removeEventListener('abort', go);
        const place = this.#waiting.indexOf(go);
        if (place >= 0) this.#waiting.splice(place, 1);
        resolve();
      };
      this.#waiting.push(go);
      signal.addEventListener('abort', go, { once: true });
    });
  }
}
