import { Decimal128, Double, Long, serialize } from 'bson';
import { describe, expect, test } from 'vitest';
import { CommandBody } from './command-body.ts';

function int64Of(limit: unknown): bigint | undefined {
  return new CommandBody(Buffer.from(serialize({ count: 'items', limit }))).int64('limit');
}

describe('a 64-bit integer', () => {
  test.each([
    ['an int', 5, 5n],
    ['the largest long', Long.MAX_VALUE, 2n ** 63n - 1n],
    ['the smallest long', Long.MIN_VALUE, -(2n ** 63n)],
    ['a double with a fraction', new Double(-5.5), -5n],
    ['the largest double that fits', new Double(2 ** 63 - 1024), 2n ** 63n - 1024n],
    ['the smallest double that fits', new Double(-(2 ** 63)), -(2n ** 63n)],
    ['a decimal', Decimal128.fromString('12E+1'), 120n],
  ])('is read from %s', (_, value, expected) => {
    expect(int64Of(value)).toBe(expected);
  });

  test.each([
    ['a double of 2^63', new Double(2 ** 63)],
    ['a double far below -2^63', new Double(-1e300)],
    ['a decimal beyond 64 bits', Decimal128.fromString('1E+300')],
    ['NaN', new Double(Number.NaN)],
    ['infinity', new Double(Number.POSITIVE_INFINITY)],
  ])('is not read from %s: BadValue', (_, value) => {
    expect(() => int64Of(value)).toThrow("BSON field 'count.limit' is not a 64-bit integer");
  });
});
