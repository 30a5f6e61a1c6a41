/**
 * Decimal128 (IEEE 754-2008, binary integer significand) as sign, coefficient and exponent, and its canonical text. Source:
 * https://github.com/mongodb/specifications/blob/master/source/bson-decimal128/decimal128.md
 */
import { readInt64 } from './read-bytes.ts';

/** The parts of a Decimal128: `(-1)^negative × coefficient × 10^exponent`. */
export interface Decimal {
  readonly kind: 'finite' | 'infinite' | 'nan';
  readonly negative: boolean;
  readonly coefficient: bigint;
  readonly exponent: number;
}

/** Digits that a coefficient holds, and the bounds of the exponent. */
export const digitsMax = 34;
export const coefficientMax: bigint = 10n ** BigInt(digitsMax) - 1n;
export const exponentMin = -6176;
export const exponentMax = 6111;

/** Not a number, whatever the sign and payload of its encoding. */
export const decimalNaN: Decimal = { kind: 'nan', negative: false, coefficient: 0n, exponent: 0 };

/** Minus infinity if `negative`, else plus infinity. Coefficient and exponent are 0 and mean nothing. */
export function decimalInfinity(negative: boolean): Decimal {
  return { kind: 'infinite', negative, coefficient: 0n, exponent: 0 };
}

/** Reads the 16 bytes at `start`; a coefficient beyond 34 digits counts as zero, as the standard requires. */
export function decimalAt(bytes: Uint8Array, start: number): Decimal {
  const low = BigInt.asUintN(64, readInt64(bytes, start));
  const high = BigInt.asUintN(64, readInt64(bytes, start + 8));
  const negative = high >> 63n === 1n;
  const combination = Number((high >> 58n) & 0x1fn);
  if (combination === 0x1f) return decimalNaN;
  if (combination === 0x1e) return decimalInfinity(negative);
  // The form for coefficients above 2^113 can only hold more than 34 digits.
  const isLargeForm = combination >> 3 === 3;
  const biased = Number((high >> (isLargeForm ? 47n : 49n)) & 0x3fffn);
  const significand = isLargeForm ? 0n : ((high & 0x1_ffff_ffff_ffffn) << 64n) | low;
  const coefficient = significand > coefficientMax ? 0n : significand;
  return { kind: 'finite', negative, coefficient, exponent: biased + exponentMin };
}

/** Canonical text, for example `1.00`, `-1E+3`, `NaN`, `Infinity`. */
export function decimalText(decimal: Decimal): string {
  if (decimal.kind === 'nan') return 'NaN';
  const sign = decimal.negative ? '-' : '';
  if (decimal.kind === 'infinite') return `${sign}Infinity`;
  const digits = decimal.coefficient.toString();
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
