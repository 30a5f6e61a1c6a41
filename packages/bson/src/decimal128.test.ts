import { Decimal128, serialize } from 'bson';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Decimal, decimalAt, decimalInfinity, decimalNaN, decimalText } from './decimal128.ts';
import { ElementWalk } from './element-walk.ts';

function decimalOf(value: Decimal128): Decimal {
  const walk = new ElementWalk(serialize({ v: value }));
  walk.next();
  return decimalAt(walk.bytes, walk.start);
}

describe('a Decimal128', () => {
  test.each([
    ['0', { negative: false, coefficient: 0n, exponent: 0 }],
    ['-0', { negative: true, coefficient: 0n, exponent: 0 }],
    ['1.00', { negative: false, coefficient: 100n, exponent: -2 }],
    ['-1E+3', { negative: true, coefficient: 1n, exponent: 3 }],
    ['9.999999999999999999999999999999999E+6144', { negative: false, coefficient: 10n ** 34n - 1n, exponent: 6111 }],
    ['1E-6176', { negative: false, coefficient: 1n, exponent: -6176 }],
  ])('%s is taken apart exactly', (text, parts) => {
    expect(decimalOf(Decimal128.fromString(text))).toEqual({ kind: 'finite', ...parts });
  });

  test('NaN and the infinities have no digits', () => {
    expect(decimalOf(Decimal128.fromString('NaN'))).toEqual(decimalNaN);
    expect(decimalOf(Decimal128.fromString('Infinity'))).toEqual(decimalInfinity(false));
    expect(decimalOf(Decimal128.fromString('-Infinity'))).toEqual(decimalInfinity(true));
  });

  test('a coefficient beyond 34 digits counts as zero and keeps its exponent', () => {
    const ones = Array.from({ length: 14 }, () => 0xff);
    const zero = { kind: 'finite', negative: false, coefficient: 0n, exponent: 0 };
    // 113 bits of ones in the form for small coefficients, and the form for large ones.
    expect(decimalAt(Uint8Array.of(...ones, 0x41, 0x30), 0)).toEqual(zero);
    expect(decimalAt(Uint8Array.of(...ones.slice(0, 13), 0x00, 0x10, 0x6c), 0)).toEqual(zero);
  });

  test('has the same text as the official library near the threshold for exponents', () => {
    const digits = fc.bigInt({ min: 0n, max: 10n ** 34n - 1n });
    fc.assert(
      fc.property(fc.boolean(), digits, fc.integer({ min: -45, max: 45 }), (negative, coefficient, exponent) => {
        const value = Decimal128.fromString(`${negative ? '-' : ''}${coefficient}E${exponent}`);
        const decimal = decimalOf(value);
        expect(decimal).toEqual({ kind: 'finite', negative, coefficient, exponent });
        expect(decimalText(decimal)).toBe(value.toString());
      }),
      { numRuns: 2000 },
    );
  });
});
