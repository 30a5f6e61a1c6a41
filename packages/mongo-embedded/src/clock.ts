/** The server's source of time. Tests pass their own; only this file reads the machine's clock or sets timers. */
export interface Clock {
  /** Wall clock, milliseconds since 1970: cluster time, wall times in events, `localTime`. */
  nowMs(): number;
  /** Monotonic milliseconds from an arbitrary start: time-outs. */
  monotonicMs(): number;
  /** Resolves after `delayMs`, or at once (without error) when the signal aborts. Never keeps the process alive. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}

/** Longest delay that Node's timers support. A longer one would fire at once, so it is clamped to this. */
const timerDelayMsMax = 2 ** 31 - 1;

/** The machine's own clock. */
export function createSystemClock(): Clock {
  return { nowMs: () => Date.now(), monotonicMs: () => performance.now(), sleep };
}

/**
 * Not `timers/promises`: it retains memory for as long as the signal lives, and some signals live as long as the
 * server.
 */
async function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = (): void => resolve();
  const timer = setTimeout(wake, Math.min(Math.max(0, delayMs), timerDelayMsMax));
  timer.unref();
  signal?.addEventListener('abort', wake, { once: true });
  await promise;
  clearTimeout(timer);
  signal?.removeEventListener('abort', wake);
}
