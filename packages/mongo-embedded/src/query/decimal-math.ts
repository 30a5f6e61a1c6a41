import { type Decimal, decimalNaN, digitsMax } from '@emcachers/bson/decimal128';

/** What is left of a division whose quotient is truncated; it has the sign of the dividend. Exact. */
export function remainderOf(dividend: Decimal, divisor: Decimal): Decimal {
  if (dividend.kind !== 'finite' || divisor.kind === 'nan') return decimalNaN;
  if (divisor.kind === 'infinite') return dividend;
  const exponent = Math.min(dividend.exponent, divisor.exponent);
  const coefficient = scaled(dividend, exponent) % scaled(divisor, exponent);
  return { kind: 'finite', negative: dividend.negative, coefficient, exponent };
}

function scaled({ coefficient, exponent }: Decimal, to: number): bigint {
  return coefficient * 10n ** BigInt(exponent - to);
}

/**
 * The square root of a decimal ≥ 0, with so many digits that its nearest Decimal128 is that of the exact root. A root that
 * is not exact ends in a digit that is not zero, so that rounding never takes it for a tie.
 */
export function squareRootOf(decimal: Decimal): Decimal {
  if (decimal.kind !== 'finite' || decimal.coefficient === 0n) return decimal;
  const { coefficient, exponent } = decimal;
  const shift = 2 * digitsMax + 4 + (Math.abs(exponent) % 2);
  const square = coefficient * 10n ** BigInt(shift);
  const root = integerRoot(square);
  const rootExponent = (exponent - shift) / 2;
  if (root * root !== square)
    return { kind: 'finite', negative: false, coefficient: root * 10n + 1n, exponent: rootExponent - 1 };
  return { kind: 'finite', negative: false, ...shortened(root, rootExponent, Math.floor(exponent / 2)) };
}

/** Without the trailing zeros below the preferred exponent. */
function shortened(
  coefficient: bigint,
  exponent: number,
  preferred: number,
): { coefficient: bigint; exponent: number } {
  let rest = coefficient;
  let at = exponent;
  while (at < preferred && rest % 10n === 0n) {
    rest /= 10n;
    at += 1;
  }
  return { coefficient: rest, exponent: at };
}

/** The largest integer whose square is not above the value, by Newton's method from above. */
function integerRoot(value: bigint): bigint {
  let root = 1n << BigInt((value.toString(2).length + 1) >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
