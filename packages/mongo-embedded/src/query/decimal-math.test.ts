import { type Decimal, decimalInfinity, decimalNaN } from '@emcachers/bson/decimal128';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { remainderOf, squareRootOf } from './decimal-math.ts';

function finite(coefficient: bigint, exponent: number, negative = false): Decimal {
  return { kind: 'finite', negative, coefficient, exponent };
}

const coefficients = fc.bigInt({ min: 1n, max: 10n ** 34n - 1n });

test('a remainder is exact and has the sign of the dividend', () => {
  expect(remainderOf(finite(73n, -1), finite(2n, 0))).toEqual(finite(13n, -1));
  expect(remainderOf(finite(73n, -1, true), finite(2n, 0))).toEqual(finite(13n, -1, true));
  expect(remainderOf(finite(1n, 6000), finite(7n, -6000))).toMatchObject({ kind: 'finite', exponent: -6000 });
  expect(remainderOf(finite(5n, 0), decimalInfinity(true))).toEqual(finite(5n, 0));
  expect(remainderOf(decimalInfinity(false), finite(5n, 0))).toEqual(decimalNaN);
});

test('the root of a square is exact, with the exponent halved', () => {
  expect(squareRootOf(finite(225n, -2))).toEqual(finite(15n, -1));
  expect(squareRootOf(finite(4n, 0))).toEqual(finite(2n, 0));
  fc.assert(
    fc.property(
      fc.bigInt({ min: 1n, max: 10n ** 17n - 1n }),
      fc.integer({ min: -3000, max: 3000 }),
      (root, exponent) => {
        expect(squareRootOf(finite(root * root, exponent * 2))).toEqual(finite(root, exponent));
      },
    ),
  );
});

test('a root is the largest decimal of its digits whose square is not above the value, and one digit that is not zero', () => {
  fc.assert(
    fc.property(coefficients, fc.integer({ min: -3000, max: 3000 }), (coefficient, exponent) => {
      const root = squareRootOf(finite(coefficient, exponent));
      if (root.kind !== 'finite') throw new Error('the root is not finite');
      const square = coefficient * 10n ** BigInt(Math.max(0, exponent - 2 * root.exponent));
      const isExact = root.coefficient * root.coefficient === square;
      if (isExact) return;
      const floor = root.coefficient / 10n;
      const scaled = square / 100n;
      expect(root.coefficient % 10n).toBe(1n);
      expect(floor.toString().length).toBeGreaterThan(34);
      expect(floor * floor <= scaled && (floor + 1n) * (floor + 1n) > scaled).toBe(true);
    }),
  );
});
