import { Buffer } from 'node:buffer';
import { bsonTypes, type RawValue, rawValue, readInt64 } from './raw-value.ts';

/** A Decimal128 taken apart: `(-1)^negative × coefficient × 10^exponent`. */
export interface Decimal {
  readonly kind: 'finite' | 'infinite' | 'nan';
  readonly negative: boolean;
  readonly coefficient: bigint;
  readonly exponent: number;
}

/** Digits that a Decimal128 holds, and the bounds of its exponent. Source: IEEE 754-2008, decimal128. */
const digitsMax = 34;
const exponentMin = -6176;
const exponentMax = 6111;
const coefficientMax = 10n ** 34n - 1n;

export const decimalNaN: Decimal = { kind: 'nan', negative: false, coefficient: 0n, exponent: 0 };

export function decimalInfinity(negative: boolean): Decimal {
  return { kind: 'infinite', negative, coefficient: 0n, exponent: 0 };
}

/** Reads the binary-integer encoding that BSON uses; a coefficient beyond 34 digits counts as zero, as the standard says. */
export function decimalOf(value: RawValue): Decimal {
  const low = BigInt.asUintN(64, readInt64(value.bytes, value.start));
  const high = BigInt.asUintN(64, readInt64(value.bytes, value.start + 8));
  const negative = high >> 63n === 1n;
  const combination = (high >> 58n) & 0x1fn;
  if (combination === 0x1fn) return decimalNaN;
  if (combination === 0x1en) return decimalInfinity(negative);
  if (combination >> 3n === 3n) {
    return { kind: 'finite', negative, coefficient: 0n, exponent: Number((high >> 47n) & 0x3fffn) + exponentMin };
  }
  const coefficient = ((high & 0x1_ffff_ffff_ffffn) << 64n) | low;
  return {
    kind: 'finite',
    negative,
    coefficient: coefficient > coefficientMax ? 0n : coefficient,
    exponent: Number((high >> 49n) & 0x3fffn) + exponentMin,
  };
}

/** The Decimal128 nearest to the given decimal: ties to even, beyond the largest exponent infinite, below the smallest zero. */
export function decimalValue(decimal: Decimal): RawValue {
  const bytes = Buffer.alloc(16);
  const sign = decimal.negative ? 1n << 63n : 0n;
  if (decimal.kind === 'nan') return encoded(bytes, 0n, 0x7c00_0000_0000_0000n);
  if (decimal.kind === 'infinite') return encoded(bytes, 0n, sign | 0x7800_0000_0000_0000n);
  const { coefficient, exponent } = fitted(decimal);
  if (exponent > exponentMax) return encoded(bytes, 0n, sign | 0x7800_0000_0000_0000n);
  const high = sign | (BigInt(exponent - exponentMin) << 49n) | (coefficient >> 64n);
  return encoded(bytes, BigInt.asUintN(64, coefficient), high);
}

function encoded(bytes: Buffer, low: bigint, high: bigint): RawValue {
  bytes.writeBigUInt64LE(low, 0);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, high), 8);
  return rawValue(bsonTypes.decimal128, bytes);
}

/** Rounds to 34 digits and moves the exponent into its bounds where zeros allow it. */
export function fitted(decimal: { readonly coefficient: bigint; readonly exponent: number }): {
  coefficient: bigint;
  exponent: number;
} {
  let { coefficient, exponent } = decimal;
  if (coefficient === 0n) return { coefficient, exponent: Math.min(Math.max(exponent, exponentMin), exponentMax) };
  const excess = Math.max(coefficient.toString().length - digitsMax, exponentMin - exponent);
  if (excess > 0) {
    coefficient = roundedShift(coefficient, excess);
    exponent += excess;
    if (coefficient > coefficientMax) {
      coefficient /= 10n;
      exponent += 1;
    }
  }
  while (exponent > exponentMax && coefficient * 10n <= coefficientMax) {
    coefficient *= 10n;
    exponent -= 1;
  }
  return { coefficient, exponent };
}

/** Half to even. */
function roundedShift(coefficient: bigint, digits: number): bigint {
  const divisor = 10n ** BigInt(digits);
  const quotient = coefficient / divisor;
  const twice = (coefficient % divisor) * 2n;
  if (twice > divisor || (twice === divisor && quotient % 2n === 1n)) return quotient + 1n;
  return quotient;
}

export function decimalFromInteger(value: bigint): Decimal {
  return { kind: 'finite', negative: value < 0n, coefficient: value < 0n ? -value : value, exponent: 0 };
}

/** As mongod converts a double: 15 significant digits. Source: `Decimal128::Decimal128(double, …, kRoundTo15Digits)` in mongodb/mongo. */
export function decimalFromDouble(value: number, digits = 15): Decimal {
  if (Number.isNaN(value)) return decimalNaN;
  if (!Number.isFinite(value)) return decimalInfinity(value < 0);
  const [mantissa = '0', exponent = '0'] = Math.abs(value)
    .toExponential(digits - 1)
    .split('e');
  const text = mantissa.replace('.', '');
  const trimmed = text.replace(/0+$/, '') || '0';
  return {
    kind: 'finite',
    negative: value < 0 || Object.is(value, -0),
    coefficient: BigInt(trimmed),
    exponent: Number(exponent) - (text.length - 1) + (trimmed === '0' ? text.length - 1 : text.length - trimmed.length),
  };
}

const decimalText = /^([+-])?(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d+))?$/;

/** Reads `1.50`, `-1E+3`, `Infinity`, `NaN`; undefined for anything else. */
export function parseDecimal(text: string): Decimal | undefined {
  const special = /^([+-])?(inf(?:inity)?|nan)$/i.exec(text);
  if (special !== null) return special[2]?.toLowerCase() === 'nan' ? decimalNaN : decimalInfinity(special[1] === '-');
  const parts = decimalText.exec(text);
  if (parts === null) return undefined;
  const fraction = parts[3] ?? parts[4] ?? '';
  return {
    kind: 'finite',
    negative: parts[1] === '-',
    coefficient: BigInt(`${parts[2] ?? ''}${fraction}`),
    exponent: Number(parts[5] ?? '0') - fraction.length,
  };
}

/** The canonical string. Source: BSON Decimal128 specification, "Conversion to String Representation". */
export function formatDecimal(decimal: Decimal): string {
  const sign = decimal.negative ? '-' : '';
  if (decimal.kind === 'nan') return 'NaN';
  if (decimal.kind === 'infinite') return `${sign}Infinity`;
  const digits = decimal.coefficient.toString();
  const scientific = decimal.exponent + digits.length - 1;
  if (decimal.exponent > 0 || scientific < -6) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    return `${sign}${digits[0]}${fraction}E${scientific < 0 ? '' : '+'}${scientific}`;
  }
  if (decimal.exponent === 0) return `${sign}${digits}`;
  const padded = digits.padStart(1 - decimal.exponent, '0');
  return `${sign}${padded.slice(0, decimal.exponent)}.${padded.slice(decimal.exponent)}`;
}

/** The nearest double. */
export function decimalToDouble(decimal: Decimal): number {
  return Number(formatDecimal(decimal));
}
