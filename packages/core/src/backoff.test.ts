import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffDelayMs } from './backoff.ts';

const options = { delayMsBase: 200, delayMsMax: 30_000 };

test('every delay is finite, not negative and at most the maximum, after any number of failures', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -1, max: 1e9 }),
      fc.double({ min: 0, max: 0.999999, noNaN: true }),
      (attempt, random) => {
        const delayMs = backoffDelayMs(attempt, options, () => random);
        return Number.isFinite(delayMs) && delayMs >= 0 && delayMs <= options.delayMsMax;
      },
    ),
  );
});

test('the bound doubles with each failure until the maximum', () => {
  const almostOne = () => 0.9999999;
  expect([0, 1, 2, 3].map((attempt) => backoffDelayMs(attempt, options, almostOne))).toEqual([199, 399, 799, 1599]);
  expect(backoffDelayMs(2_000, options, almostOne)).toBe(29_999);
});

test('the jitter ranges from zero, so clients that failed together do not retry together', () => {
  expect(backoffDelayMs(10, options, () => 0)).toBe(0);
});
