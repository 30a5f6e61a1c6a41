import type { ScanView } from '@emcachers/core/api-views';

/** The values that the scan card shows. */
export interface ScanProgress {
  /** 0 to 1; null if the total is unknown, then only the counter is shown. */
  readonly share: number | null;
  /** Estimated time left at the current rate; null if the scan is finished, the total or the rate is unknown, or the total is exceeded. */
  readonly remainingMs: number | null;
}

/**
 * MongoDB's estimate can be too low. The bar then stays at 99 % while the counter continues; only a finished scan shows
 * 100 %.
 */
export function scanProgress(scan: ScanView): ScanProgress {
  if (scan.finishedAt !== null) return { share: 1, remainingMs: null };
  if (scan.estimated === null || scan.estimated <= 0) return { share: null, remainingMs: null };
  const left = scan.estimated - scan.scanned;
  const share = Math.min(0.99, Math.max(0, scan.scanned / scan.estimated));
  if (left <= 0 || scan.ratePerSecond === null || scan.ratePerSecond <= 0) return { share, remainingMs: null };
  return { share, remainingMs: (left / scan.ratePerSecond) * 1_000 };
}
