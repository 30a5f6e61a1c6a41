import type { ScanView } from '@emcachers/core/api-views';
import { describe, expect, test } from 'vitest';
import { scanProgress } from './scan-progress.ts';

const scanning: ScanView = {
  scanned: 1_240_000,
  estimated: 3_100_000,
  ratePerSecond: 18_600,
  startedAt: '2026-11-21T12:00:00.000Z',
  finishedAt: null,
  staged: 12,
};

describe('scan progress', () => {
  test('share and remaining time follow from estimate and rate', () => {
    expect(scanProgress(scanning)).toEqual({ share: 0.4, remainingMs: 100_000 });
  });

  test('an unknown total gives no share', () => {
    expect(scanProgress({ ...scanning, estimated: null })).toEqual({ share: null, remainingMs: null });
    expect(scanProgress({ ...scanning, estimated: 0 })).toEqual({ share: null, remainingMs: null });
  });

  test('a scan that exceeds its estimate is not complete', () => {
    expect(scanProgress({ ...scanning, scanned: 3_200_000 })).toEqual({ share: 0.99, remainingMs: null });
  });

  test('a scan without progress has no time left', () => {
    expect(scanProgress({ ...scanning, ratePerSecond: 0 }).remainingMs).toBeNull();
    expect(scanProgress({ ...scanning, ratePerSecond: null }).remainingMs).toBeNull();
  });

  test('a finished scan is at 100 %, whatever the estimate was, and no time is left to name', () => {
    expect(scanProgress({ ...scanning, finishedAt: '2026-11-21T12:03:00.000Z' })).toEqual({
      share: 1,
      remainingMs: null,
    });
  });
});
