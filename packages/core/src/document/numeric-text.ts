/**
 * Gives equal numbers the same text, whatever their BSON type: MongoDB's `_id` index treats 1, 1L, 1.0 and Decimal128 1 as
 * equal, so they identify the same document. The text is exact, because the double 0.1 and the Decimal128 0.1 differ.
 */
import type { Decimal } from '@emcachers/bson/decimal128';

/** Values with more integer digits than this are written with an exponent. */
const plainDigitsMax = 40;

/** Text of a Decimal128: the same text for every representation of one value. */
export function decimalValueText(decimal: Decimal): string {
  switch (decimal.kind) {
    case 'nan':
      return 'NaN';
    case 'infinite':
      return decimal.negative ? '-Infinity' : 'Infinity';
    case 'finite':
      return scaledText(decimal.negative ? -decimal.coefficient : decimal.coefficient, decimal.exponent);
  }
}

/** Text of a double: its exact value, the same as that of an equal Decimal128 or integer. */
export function doubleValueText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return Math.abs(value) < 1e15 ? String(value + 0) : scaledText(BigInt(value), 0);
  // A double is m × 2^-k, which equals m × 5^k × 10^-k.
  let doublings = 0;
  let whole = value;
  while (!Number.isInteger(whole) && doublings < 1100) {
    whole *= 2;
    doublings += 1;
  }
  return scaledText(BigInt(whole) * 5n ** BigInt(doublings), -doublings);
}

/** Digits after which a decimal may not be the shortest text of a double: every decimal of 15 digits in its range is. */
const doubleDigitsMax = 15;
const doublePowerMax = 290;

/**
 * The double that stands for a decimal, or null if reading the double back, in its shortest form, gives another decimal: 19.99
 * is kept, 34 significant digits and 1E-6176 are not. Not finite values are kept as they are.
 */
export function doubleOfDecimal(decimal: Decimal, text: string): number | null {
  const value = Number(text);
  if (decimal.kind !== 'finite') return value;
  const { coefficient, exponent } = decimal;
  if (coefficient < 10n ** BigInt(doubleDigitsMax) && Math.abs(exponent) < doublePowerMax) return value;
  return Number.isFinite(value) && shortestValueText(value) === decimalValueText({ ...decimal, negative: value < 0 })
    ? value
    : null;
}

/** As `decimalValueText`, of the decimal that is the shortest one to read back as this finite double. */
function shortestValueText(value: number): string {
  const [, sign = '', whole = '', fraction = '', power = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  return scaledText(BigInt(`${sign}${whole}${fraction}`), Number(power) - fraction.length);
}

/** The text of `digits × 10^exponent`, with trailing zeros moved into the exponent. */
function scaledText(digits: bigint, exponent: number): string {
  if (digits === 0n) return '0';
  const sign = digits < 0n ? '-' : '';
  const text = (digits < 0n ? -digits : digits).toString();
  const significant = text.replace(/0+$/, '');
  const power = exponent + text.length - significant.length;
  if (power >= 0 && significant.length + power <= plainDigitsMax) return `${sign}${significant}${'0'.repeat(power)}`;
  return `${sign}${significant}e${power}`;
}
