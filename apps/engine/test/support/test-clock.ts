import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@emcachers/core/clock';

export interface LeapingClock extends Clock {
  /** Every delay that was slept, in order, milliseconds. */
  readonly delaysMs: number[];
  leap(durationMs: number): void;
}

/** A clock for tests on which a sleep takes no time and still moves the clock. */
export function createLeapingClock(): LeapingClock {
  let nowMs = 1_000_000;
  const delaysMs: number[] = [];
  return {
    delaysMs,
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    leap(durationMs) {
      nowMs += durationMs;
    },
    async sleep(delayMs, signal) {
      if (signal?.aborted === true) return;
      delaysMs.push(delayMs);
      nowMs += delayMs;
      await setImmediate();
    },
  };
}
