/**
 * Decimal128 (IEEE 754-2008, binary integer significand) as digits and exponent, and its canonical text as defined by
 * the BSON specification: https://github.com/mongodb/specifications/blob/master/source/bson-decimal128/decimal128.md
 */

export type Decimal =
  | { readonly kind: 'nan' }
  | { readonly kind: 'infinity'; readonly isNegative: boolean }
  | { readonly kind: 'finite'; readonly isNegative: boolean; readonly digits: bigint; readonly exponent: number };

const exponentBias = 6176;
const digitsMax = 10n ** 34n - 1n;

export function decimalAt(bytes: Buffer, start: number): Decimal {
  const low = bytes.readBigUInt64LE(start);
  const high = bytes.readBigUInt64LE(start + 8);
  const isNegative = high >> 63n === 1n;
  const combination = Number((high >> 58n) & 0x1fn);
  if (combination === 0x1f) return { kind: 'nan' };
  if (combination === 0x1e) return { kind: 'infinity', isNegative };
  // Significands above 2^113 have more than 34 digits, which the standard defines to be zero.
  const isLargeForm = combination >> 3 === 3;
  const biased = Number((high >> (isLargeForm ? 47n : 49n)) & 0x3fffn);
  const significand = isLargeForm ? 0n : ((high & 0x1ffff_ffff_ffffn) << 64n) | low;
  const digits = significand > digitsMax ? 0n : significand;
  return { kind: 'finite', isNegative, digits, exponent: biased - exponentBias };
}

/** Canonical text, for example `1.00`, `-1E+3`, `NaN`, `Infinity`. */
export function decimalText(decimal: Decimal): string {
  if (decimal.kind === 'nan') return 'NaN';
  const sign = decimal.isNegative ? '-' : '';
  if (decimal.kind === 'infinity') return `${sign}Infinity`;
  const digits = decimal.digits.toString();
  const { exponent } = decimal;
  const adjusted = exponent + digits.length - 1;
  if (exponent > 0 || adjusted < -6) return `${sign}${scientific(digits, adjusted)}`;
  if (exponent === 0) return `${sign}${digits}`;
  const point = digits.length + exponent;
  if (point > 0) return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
  return `${sign}0.${'0'.repeat(-point)}${digits}`;
}

function scientific(digits: string, adjusted: number): string {
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  return `${digits.slice(0, 1)}${fraction}E${adjusted < 0 ? '-' : '+'}${Math.abs(adjusted)}`;
}

/** The value as an integer, or null if it has a fraction or its exponent is above `digitCountMax`. */
export function decimalInteger(decimal: Decimal, digitCountMax: number): bigint | null {
  if (decimal.kind !== 'finite') return null;
  const { digits, exponent, isNegative } = decimal;
  if (digits === 0n) return 0n;
  if (exponent > digitCountMax) return null;
  const scale = 10n ** BigInt(Math.abs(exponent));
  if (exponent < 0 && digits % scale !== 0n) return null;
  const whole = exponent < 0 ? digits / scale : digits * scale;
  return isNegative ? -whole : whole;
}
