import { describe, expect, test } from 'vitest';
import { formatAgo, formatDuration, formatFullMoment, formatLag, formatMoment } from './times.ts';

const noon = Date.UTC(2026, 10, 21, 12, 3, 21, 442);

describe('durations', () => {
  test.each([
    [-5, '0.0 s'],
    [640, '0.6 s'],
    [9_999, '9.9 s'],
    [38_200, '38 s'],
    [59_999, '59 s'],
    [12 * 60_000, '12 min'],
    [3 * 3_600_000, '3 h'],
    [3 * 3_600_000 + 5 * 60_000, '3 h 5 min'],
    [74 * 3_600_000, '3 d 2 h'],
  ])('%i ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('a lag below one second is shown in milliseconds', () => {
    expect([formatLag(0), formatLag(8.4), formatLag(38_000)]).toEqual(['0 ms', '8 ms', '38 s']);
  });

  test('a time slightly in the future is now, not a negative age', () => {
    expect(formatAgo(noon + 300, noon)).toBe('just now');
    expect(formatAgo(noon - 640, noon)).toBe('0.6 s ago');
  });
});

describe('moments', () => {
  test('today shows the clock, another day shows the date too', () => {
    const context = { nowMs: noon, timeZone: 'UTC' };
    expect(formatMoment(noon - 1_000, context)).toBe('12:03:20');
    expect(formatMoment(noon - 20 * 3_600_000, context)).toBe('Nov 20, 16:03:21');
  });

  test('the same date of another year is another day', () => {
    expect(formatMoment(Date.UTC(2025, 10, 21, 12), { nowMs: noon, timeZone: 'UTC' })).toBe('Nov 21, 12:00:00');
  });

  test('the time zone of the reader decides which day it is', () => {
    expect(formatMoment(Date.UTC(2026, 10, 21, 3), { nowMs: noon, timeZone: 'America/Denver' })).toBe(
      'Nov 20, 20:00:00',
    );
  });

  test('a precise moment keeps milliseconds', () => {
    expect(formatMoment(noon, { nowMs: noon, timeZone: 'UTC', isPrecise: true })).toBe('12:03:21.442');
  });

  test('the full moment keeps milliseconds and names its zone', () => {
    expect(formatFullMoment(noon, 'UTC')).toBe('Nov 21, 2026, 12:03:21.442 UTC');
  });
});
