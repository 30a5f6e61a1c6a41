import { Buffer } from 'node:buffer';
import { bsonTypes } from '@emcachers/bson/bson-types';
import {
  coefficientMax,
  type Decimal,
  decimalInfinity,
  decimalNaN,
  decimalText,
  digitsMax,
  exponentMax,
  exponentMin,
} from '@emcachers/bson/decimal128';
import { type RawValue, rawValue } from '@emcachers/bson/raw-value';

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

/** Rounds to 34 digits and moves the exponent into its bounds if trailing zeros allow it. */
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

const decimalPattern = /^([+-])?(?:(\d+)(?:\.(\d*))?|\.(\d+))(?:[eE]([+-]?\d+))?$/;

/** Reads `1.50`, `-1E+3`, `Infinity`, `NaN`; undefined for anything else. */
export function parseDecimal(text: string): Decimal | undefined {
  const special = /^([+-])?(inf(?:inity)?|nan)$/i.exec(text);
  if (special !== null) return special[2]?.toLowerCase() === 'nan' ? decimalNaN : decimalInfinity(special[1] === '-');
  const parts = decimalPattern.exec(text);
  if (parts === null) return undefined;
  const fraction = parts[3] ?? parts[4] ?? '';
  return {
    kind: 'finite',
    negative: parts[1] === '-',
    coefficient: BigInt(`${parts[2] ?? ''}${fraction}`),
    exponent: Number(parts[5] ?? '0') - fraction.length,
  };
}

/** The nearest double. */
export function decimalToDouble(decimal: Decimal): number {
  return Number(decimalText(decimal));
}
