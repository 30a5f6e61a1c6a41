/**
 * One text for one numeric value, whatever its BSON type: MongoDB's `_id` index holds 1, 1L, 1.0 and Decimal128 1 to be
 * equal, so they must name the same document. Exact, since 0.1 as a double and as a Decimal128 are different values there.
 */
import type { Decimal } from './decimal128.ts';

/** Values with more digits than this left of the point are written with an exponent. */
const plainDigitsMax = 40;

export function decimalValueText(decimal: Decimal): string {
  switch (decimal.kind) {
    case 'nan':
      return 'NaN';
    case 'infinity':
      return decimal.isNegative ? '-Infinity' : 'Infinity';
    case 'finite':
      return scaledText(decimal.isNegative ? -decimal.digits : decimal.digits, decimal.exponent);
  }
}

export function doubleValueText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return Math.abs(value) < 1e15 ? String(value + 0) : scaledText(BigInt(value), 0);
  // A double is m × 2^-k: the same value in tens is m × 5^k × 10^-k.
  let doublings = 0;
  let whole = value;
  while (!Number.isInteger(whole) && doublings < 1100) {
    whole *= 2;
    doublings += 1;
  }
  return scaledText(BigInt(whole) * 5n ** BigInt(doublings), -doublings);
}

/** `digits × 10^exponent`, without trailing zeros in the digits. */
function scaledText(digits: bigint, exponent: number): string {
  if (digits === 0n) return '0';
  const sign = digits < 0n ? '-' : '';
  const text = (digits < 0n ? -digits : digits).toString();
  const significant = text.replace(/0+$/, '');
  const power = exponent + text.length - significant.length;
  if (power >= 0 && significant.length + power <= plainDigitsMax) return `${sign}${significant}${'0'.repeat(power)}`;
  return `${sign}${significant}e${power}`;
}
