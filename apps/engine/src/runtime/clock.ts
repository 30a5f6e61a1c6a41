import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '@emcachers/core/clock';

/** The one file of the engine that reads the machine's clock or sets a timer; everything else is handed a `Clock`. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  async sleep(delayMs, signal) {
    if (signal?.aborted === true) return;
    // Not unref'ed: whoever sleeps is alive, and ends its sleep by the signal.
    await delay(Math.max(0, delayMs), undefined, signal === undefined ? {} : { signal }).catch((error: unknown) => {
      if (signal?.aborted !== true) throw error;
    });
  },
};
