/**
 * How long to wait before trying again: full jitter, `random() * min(max, base * 2^attempt)`, so that many that failed
 * together do not return together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 */
export interface BackoffOptions {
  /** Upper bound of the first delay, milliseconds. */
  readonly delayMsBase: number;
  /** Upper bound of every delay, milliseconds; kept below 2^31, beyond which timers fire at once. */
  readonly delayMsMax: number;
}

/** Doubling beyond this changes nothing for any sane base and would overflow to Infinity, which timers read as 1 ms. */
const doublingsMax = 30;

/** `attempt` counts failures from 0; `random` is in [0, 1). */
export function backoffDelayMs(attempt: number, options: BackoffOptions, random: () => number): number {
  const doublings = Math.min(Math.max(Math.trunc(attempt), 0), doublingsMax);
  const bound = Math.min(options.delayMsMax, options.delayMsBase * 2 ** doublings);
  return Math.floor(random() * bound);
}
