/**
 * Limits how fast a thread reads and writes, and ends its work when the engine asks. It blocks its thread, which does nothing else.
 */
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';

/** Bytes between two looks at the clock, at most. */
export const stepBytesMax = 1024 * 1024;

export interface PaceOptions {
  readonly bytesPerSecond: number;
  /** One element: not 0 once the work must end. Shared with the engine's thread, which notifies. */
  readonly stop: Int32Array;
  readonly clock: Clock;
}

export class Pace {
  readonly #options: PaceOptions;
  readonly #startedAtMs: number;
  #bytes = 0;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#startedAtMs = options.clock.monotonicMs();
  }

  /** So small that a step takes a tenth of a second at most. */
  get stepBytes(): number {
    return Math.max(4_096, Math.min(stepBytesMax, Math.floor(this.#options.bytesPerSecond / 10)));
  }

  /** Waits until so many more bytes may have been moved. Throws EMC-4009 once the work must end. */
  spend(bytes: number): void {
    const { bytesPerSecond, stop, clock } = this.#options;
    this.#bytes += bytes;
    const aheadMs = (this.#bytes / bytesPerSecond) * 1_000 - (clock.monotonicMs() - this.#startedAtMs);
    if (aheadMs > 0) Atomics.wait(stop, 0, 0, aheadMs);
    if (Atomics.load(stop, 0) !== 0) throw new EmcachersError({ code: 'EMC-4009', detail: 'It was cancelled.' });
  }
}
