import { Decimal128, Long, serialize } from 'bson';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileProjection } from './projection.ts';
import { decodeRow } from './row-codec.ts';

/** The value of a Number column. */
function numberOf(value: unknown) {
  const projection = compileProjection([{ name: 'v', type: 'Number', path: 'v' }]);
  const { data, coercionErrors } = projection.project(serialize({ v: value }));
  return { value: decodeRow(data, ['Number'])[0], coercionErrors };
}

describe('a Number column', () => {
  test('keeps an integer or a decimal only if it reads back as the same number', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        const kept = numberOf(Long.fromBigInt(value)).value;
        expect(kept === null || (typeof kept === 'number' && BigInt(kept) === value)).toBe(true);
      }),
    );
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        const decimal = Decimal128.fromString(String(value));
        expect(numberOf(decimal)).toEqual({ value: value + 0, coercionErrors: 0 });
      }),
    );
    fc.assert(
      fc.property(
        fc.bigInt({ min: 10n ** 17n, max: 10n ** 34n - 1n }),
        fc.integer({ min: -6000, max: 6000 }),
        (digits, power) => {
          const kept = numberOf(Decimal128.fromString(`${digits}E${power}`)).value;
          if (kept !== null) expect(digits % 10n).toBe(0n);
        },
      ),
    );
  });
});
