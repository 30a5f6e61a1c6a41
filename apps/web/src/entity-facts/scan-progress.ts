import type { ScanView } from '@emcachers/core/api-views';

/** What the scan's bar, counter and remaining time show. */
export interface ScanProgress {
  /** 0 to 1, never past the end of the bar; null when the total is unknown, then only the counter moves. */
  readonly share: number | null;
  /** Estimated time to the end at the present rate; null when the total or the rate is unknown or passed. */
  readonly remainingMs: number | null;
}

/**
 * MongoDB's estimate can be too low. The bar then stays just short of full while the counter keeps telling the truth:
 * 100 % is shown by a finished scan alone.
 */
export function scanProgress(scan: ScanView): ScanProgress {
  if (scan.finishedAt !== null) return { share: 1, remainingMs: 0 };
  if (scan.estimated === null || scan.estimated <= 0) return { share: null, remainingMs: null };
  const left = scan.estimated - scan.scanned;
  const share = Math.min(0.99, Math.max(0, scan.scanned / scan.estimated));
  if (left <= 0 || scan.ratePerSecond === null || scan.ratePerSecond <= 0) return { share, remainingMs: null };
  return { share, remainingMs: (left / scan.ratePerSecond) * 1_000 };
}
