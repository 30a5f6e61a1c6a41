/**
 * Limits wrong tokens. The limit is for all callers together: an address can be forged or shared behind a proxy, and a token that an operator
 * types has no name whose attempts could be counted. Worst case: whoever reaches the console keeps operators from
 * signing in while they try; those who are signed in notice nothing.
 */
export interface AttemptLimit {
  /** Null if an attempt is allowed now; otherwise the seconds until the next one. */
  readonly waitSeconds: (nowMs: number) => number | null;
  readonly noteFailure: (nowMs: number) => void;
}

export function createAttemptLimit(failuresMax: number, windowMs: number): AttemptLimit {
  let failures: number[] = [];
  const recent = (nowMs: number): number[] => failures.filter((atMs) => nowMs - atMs < windowMs);
  return {
    waitSeconds: (nowMs) => {
      failures = recent(nowMs);
      const [oldest = nowMs] = failures;
      return failures.length < failuresMax ? null : Math.ceil((oldest + windowMs - nowMs) / 1_000);
    },
    noteFailure: (nowMs) => {
      failures = [...recent(nowMs), nowMs].slice(-failuresMax);
    },
  };
}
