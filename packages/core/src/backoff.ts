/**
 * The delay before a retry, with full jitter: `random() * min(max, base * 2^attempt)`, so that clients that failed
 * together do not retry together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export interface BackoffOptions {
  /** Upper bound of the first delay, milliseconds. */
  readonly delayMsBase: number;
  /** Upper bound of every delay, milliseconds. Keep it below 2^31: above that, timers fire at once. */
  readonly delayMsMax: number;
}

/** More doublings have no effect on a realistic base and would overflow to Infinity, which timers treat as 1 ms. */
const doublingsMax = 30;

/** `attempt` counts failures from 0; `random` returns a number in [0, 1). */
export function backoffDelayMs(attempt: number, options: BackoffOptions, random: () => number): number {
  const doublings = Math.min(Math.max(Math.trunc(attempt), 0), doublingsMax);
  const bound = Math.min(options.delayMsMax, options.delayMsBase * 2 ** doublings);
  return Math.floor(random() * bound);
}
