import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatBytes, formatCount, formatEstimate, formatRate, formatShare, plural } from './numbers.ts';

describe('figures', () => {
  test('an unknown figure is a dash, never zero', () => {
    expect([formatCount(null), formatEstimate(null), formatRate(null), formatBytes(null)]).toEqual(Array(4).fill('—'));
    expect(formatCount(0)).toBe('0');
  });

  test('thousands are separated', () => {
    expect(formatCount(8_412_993)).toBe('8,412,993');
  });

  test.each([
    [412, '~412'],
    [9_999, '~9,999'],
    [12_340, '~12.3 k'],
    [910_000, '~910 k'],
    [4_118_204, '~4.1 M'],
  ])('an estimate of %i is written %s', (count, text) => {
    expect(formatEstimate(count)).toBe(text);
  });

  test.each([
    [0, '0'],
    [0.4, '0.4'],
    [9.96, '10'],
    [1_240.4, '1,240'],
  ])('a rate of %d per second is written %s', (rate, text) => {
    expect(formatRate(rate)).toBe(text);
  });

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [38_000, '38 kB'],
    [4_100_000, '4.1 MB'],
    [612_000_000, '612 MB'],
    [1_200_000_000, '1.2 GB'],
  ])('%i bytes are written %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });

  test('only exactly 1 is 100 % and only exactly 0 is 0 %', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (share) => {
        expect(formatShare(share) === '100 %').toBe(share === 1);
        expect(formatShare(share) === '0 %').toBe(share === 0);
      }),
    );
    expect(formatShare(0.998)).toBe('99.8 %');
    expect(formatShare(0.81)).toBe('81 %');
  });

  test('only a count of one takes the singular', () => {
    expect([plural(0, 'node'), plural(1, 'node'), plural(1_200, 'entry', 'entries')]).toEqual([
      '0 nodes',
      '1 node',
      '1,200 entries',
    ]);
  });
});
