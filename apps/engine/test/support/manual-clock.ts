import { setImmediate } from 'node:timers/promises';
import type { Clock } from '@emcachers/core/clock';

export interface ManualClock extends Clock {
  /** Moves the time forward, ends the sleeps that are due, and lets what they waited for go on. */
  advance(durationMs: number): Promise<void>;
  /** Sleeps that have not ended. */
  sleeping(): number;
}

interface Sleeper {
  readonly atMs: number;
  readonly wake: () => void;
}

/** A clock for tests that stands still until `advance`, starting at 0. */
export function createManualClock(): ManualClock {
  let nowMs = 0;
  const sleepers = new Set<Sleeper>();
  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    sleep(delayMs, signal) {
      if (signal?.aborted === true) return Promise.resolve();
      return new Promise<void>((resolve) => {
        const wake = (): void => {
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        const sleeper = { atMs: nowMs + delayMs, wake };
        sleepers.add(sleeper);
        signal?.addEventListener('abort', wake, { once: true });
      });
    },
    async advance(durationMs) {
      nowMs += durationMs;
      for (const sleeper of [...sleepers]) if (sleeper.atMs <= nowMs) sleeper.wake();
      await setImmediate();
    },
    sleeping: () => sleepers.size,
  };
}
