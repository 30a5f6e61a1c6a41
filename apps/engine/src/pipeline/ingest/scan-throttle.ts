import type { Clock } from '@emcachers/core/clock';

/** Limits how many documents per second all scans of the engine read together, so that they leave MongoDB to others. */
export class ScanThrottle {
  readonly #clock: Clock;
  readonly #msPerDocument: number;
  #freeAtMs = Number.NEGATIVE_INFINITY;

  /** `documentsPerSecond`: 0 for no limit. */
  constructor(clock: Clock, documentsPerSecond: number) {
    this.#clock = clock;
    this.#msPerDocument = documentsPerSecond === 0 ? 0 : 1000 / documentsPerSecond;
  }

  /** Waits until the documents paid for so far fit the rate. */
  async wait(signal: AbortSignal): Promise<void> {
    const delayMs = this.#freeAtMs - this.#clock.monotonicMs();
    if (delayMs > 0) await this.#clock.sleep(delayMs, signal);
  }

  /** Documents that were read. Time without scans earns nothing. */
  pay(documents: number): void {
    this.#freeAtMs = Math.max(this.#freeAtMs, this.#clock.monotonicMs()) + documents * this.#msPerDocument;
  }
}
