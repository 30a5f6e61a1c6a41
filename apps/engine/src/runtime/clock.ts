import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@emcachers/core/clock';

/** The only file in the engine that reads the system clock or sets a timer. Everything else receives a `Clock`. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(delayMs, signal) {
    if (signal?.aborted === true) return;
    // Not unref'ed: a sleeping part keeps the process alive until its signal aborts.
    await delay(Math.max(0, delayMs), undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      if (signal?.aborted !== true) throw error;
    });
  },
};
