import { setTimeout as delay } from 'node:timers/promises';

/** Time as the server sees it. Tests pass their own; only this file reads the machine's clock or sets a timer. */
export interface Clock {
  /** Wall clock, milliseconds since 1970: cluster time, wall times in events, `localTime`. */
  nowMs(): number;
  /** Monotonic milliseconds from an arbitrary start: time-outs. */
  monotonicMs(): number;
  /** Resolves after `delayMs`, or at once (without error) when the signal aborts. Never keeps the process alive. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** Longest delay that Node's timers keep; anything longer fires at once, so it is cut to this. */
const timerDelayMsMax = 2 ** 31 - 1;

/** The machine's own clock. */
export function createSystemClock(): Clock {
  return {
    nowMs: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep: async (delayMs, signal) => {
      const options = signal === undefined ? { ref: false } : { ref: false, signal };
      await delay(Math.min(Math.max(0, delayMs), timerDelayMsMax), undefined, options).catch(() => undefined);
    },
  };
}
