import { bsonTypes } from '@emcachers/bson/bson-types';
import { type Decimal, decimalAt, decimalInfinity, decimalNaN } from '@emcachers/bson/decimal128';
import { doubleValue, int32Value, int64Value, type RawValue } from '@emcachers/bson/raw-value';
import { readDouble, readInt32, readInt64 } from '@emcachers/bson/read-bytes';
import { decimalFromDouble, decimalFromInteger, decimalToDouble, decimalValue } from './decimal.ts';

/** A number with the type that it has in BSON; MongoDB's arithmetic depends on it. */
export type Numeric =
  | IntegerNumeric
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'decimal'; readonly value: Decimal };

export interface IntegerNumeric {
  readonly kind: 'int32' | 'int64';
  readonly value: bigint;
}

export function isInteger(numeric: Numeric): numeric is IntegerNumeric {
  return numeric.kind === 'int32' || numeric.kind === 'int64';
}

export function isNumberType(type: number): boolean {
  return (
    type === bsonTypes.int32 || type === bsonTypes.double || type === bsonTypes.int64 || type === bsonTypes.decimal128
  );
}

/** The number that a value holds, or undefined for any other type. */
export function numericOf(value: RawValue): Numeric | undefined {
  switch (value.type) {
    case bsonTypes.int32:
      return { kind: 'int32', value: BigInt(readInt32(value.bytes, value.start)) };
    case bsonTypes.int64:
      return { kind: 'int64', value: readInt64(value.bytes, value.start) };
    case bsonTypes.double:
      return { kind: 'double', value: readDouble(value.bytes, value.start) };
    case bsonTypes.decimal128:
      return { kind: 'decimal', value: decimalAt(value.bytes, value.start) };
    default:
      return undefined;
  }
}

export function numericValue(numeric: Numeric): RawValue {
  switch (numeric.kind) {
    case 'int32':
      return int32Value(Number(numeric.value));
    case 'int64':
      return int64Value(numeric.value);
    case 'double':
      return doubleValue(numeric.value);
    case 'decimal':
      return decimalValue(numeric.value);
  }
}

/** As a double, rounded if necessary. */
export function toDouble(numeric: Numeric): number {
  return numeric.kind === 'decimal' ? decimalToDouble(numeric.value) : Number(numeric.value);
}

export function toDecimal(numeric: Numeric): Decimal {
  if (numeric.kind === 'decimal') return numeric.value;
  return numeric.kind === 'double' ? decimalFromDouble(numeric.value) : decimalFromInteger(numeric.value);
}

/** The number as an integer, or undefined if it has a fraction, is not finite, or does not fit 64 bits. */
export function toInteger(numeric: Numeric): bigint | undefined {
  const integer = integerOf(numeric);
  return integer === undefined || BigInt.asIntN(64, integer) !== integer ? undefined : integer;
}

/** The integer that a value holds. Undefined for any other type, and where `toInteger` is undefined. */
export function integerIn(value: RawValue): bigint | undefined {
  const number = numericOf(value);
  return number === undefined ? undefined : toInteger(number);
}

export function isNaNValue(value: RawValue): boolean {
  const number = numericOf(value);
  return number !== undefined && Number.isNaN(toDouble(number));
}

function integerOf(numeric: Numeric): bigint | undefined {
  switch (numeric.kind) {
    case 'int32':
    case 'int64':
      return numeric.value;
    case 'double':
      return Number.isInteger(numeric.value) ? BigInt(numeric.value) : undefined;
    case 'decimal':
      return decimalInteger(numeric.value);
  }
}

function decimalInteger(decimal: Decimal): bigint | undefined {
  if (decimal.kind !== 'finite' || decimal.exponent > 40) return undefined;
  const magnitude =
    decimal.exponent >= 0
      ? decimal.coefficient * 10n ** BigInt(decimal.exponent)
      : wholeQuotient(decimal.coefficient, 10n ** BigInt(-decimal.exponent));
  if (magnitude === undefined) return undefined;
  return decimal.negative ? -magnitude : magnitude;
}

function wholeQuotient(dividend: bigint, divisor: bigint): bigint | undefined {
  return dividend % divisor === 0n ? dividend / divisor : undefined;
}

const int32Min = -(2n ** 31n);
const int32Max = 2n ** 31n - 1n;

/** An integer in the narrowest type, or undefined when it does not fit 64 bits. */
export function narrowInteger(value: bigint, atLeast: 'int32' | 'int64'): Numeric | undefined {
  if (atLeast === 'int32' && value >= int32Min && value <= int32Max) return { kind: 'int32', value };
  return BigInt.asIntN(64, value) === value ? { kind: 'int64', value } : undefined;
}

/** The type of an operation's result before it overflows. */
export function widerKind(left: IntegerNumeric, right: IntegerNumeric): IntegerNumeric['kind'] {
  return left.kind === 'int64' || right.kind === 'int64' ? 'int64' : 'int32';
}

export type ArithmeticName = 'add' | 'subtract' | 'multiply';

/**
 * Adds, subtracts or multiplies with MongoDB's rules: any Decimal128 makes a Decimal128, else any double a double,
 * else int32 grows to int64. Undefined on int64 overflow: an update fails, an expression continues in double.
 */
export function arithmetic(name: ArithmeticName, left: Numeric, right: Numeric): Numeric | undefined {
  if (left.kind === 'decimal' || right.kind === 'decimal') {
    return { kind: 'decimal', value: decimalArithmetic(name, toDecimal(left), toDecimal(right)) };
  }
  if (left.kind === 'double' || right.kind === 'double') {
    return { kind: 'double', value: doubleArithmetic(name, toDouble(left), toDouble(right)) };
  }
  return narrowInteger(integerArithmetic(name, left.value, right.value), widerKind(left, right));
}

/** As `arithmetic`, in double if an int64 would overflow. */
export function arithmeticOrDouble(name: ArithmeticName, left: Numeric, right: Numeric): Numeric {
  return (
    arithmetic(name, left, right) ?? { kind: 'double', value: doubleArithmetic(name, toDouble(left), toDouble(right)) }
  );
}

function integerArithmetic(name: ArithmeticName, left: bigint, right: bigint): bigint {
  if (name === 'add') return left + right;
  return name === 'subtract' ? left - right : left * right;
}

function doubleArithmetic(name: ArithmeticName, left: number, right: number): number {
  if (name === 'add') return left + right;
  return name === 'subtract' ? left - right : left * right;
}

function decimalArithmetic(name: ArithmeticName, left: Decimal, right: Decimal): Decimal {
  if (name === 'multiply') return multiplyDecimals(left, right);
  return addDecimals(left, name === 'subtract' ? { ...right, negative: !right.negative } : right);
}

function addDecimals(left: Decimal, right: Decimal): Decimal {
  if (left.kind === 'nan' || right.kind === 'nan') return decimalNaN;
  if (left.kind === 'infinite' || right.kind === 'infinite') return addInfinities(left, right);
  const exponent = Math.min(left.exponent, right.exponent);
  const sum = signed(left, exponent) + signed(right, exponent);
  const negative = sum === 0n ? left.negative && right.negative : sum < 0n;
  return { kind: 'finite', negative, coefficient: sum < 0n ? -sum : sum, exponent };
}

/** The sum if at least one of the two is infinite. */
function addInfinities(left: Decimal, right: Decimal): Decimal {
  if (left.kind === right.kind && left.negative !== right.negative) return decimalNaN;
  return left.kind === 'infinite' ? left : right;
}

function signed(decimal: Decimal, exponent: number): bigint {
  const scaled = decimal.coefficient * 10n ** BigInt(decimal.exponent - exponent);
  return decimal.negative ? -scaled : scaled;
}

function multiplyDecimals(left: Decimal, right: Decimal): Decimal {
  const negative = left.negative !== right.negative;
  if (left.kind === 'nan' || right.kind === 'nan') return decimalNaN;
  if (left.kind === 'infinite' || right.kind === 'infinite') {
    const isZero = (decimal: Decimal): boolean => decimal.kind === 'finite' && decimal.coefficient === 0n;
    return isZero(left) || isZero(right) ? decimalNaN : decimalInfinity(negative);
  }
  return {
    kind: 'finite',
    negative,
    coefficient: left.coefficient * right.coefficient,
    exponent: left.exponent + right.exponent,
  };
}

/** Quotient with 34 digits. */
export function divideDecimals(left: Decimal, right: Decimal): Decimal {
  const negative = left.negative !== right.negative;
  if (left.kind === 'nan' || right.kind === 'nan') return decimalNaN;
  if (left.kind === 'infinite') return right.kind === 'infinite' ? decimalNaN : decimalInfinity(negative);
  if (right.kind === 'infinite') return { kind: 'finite', negative, coefficient: 0n, exponent: -6176 };
  const preferred = left.exponent - right.exponent;
  const shift = 36 + right.coefficient.toString().length;
  const coefficient = (left.coefficient * 10n ** BigInt(shift)) / right.coefficient;
  if (coefficient === 0n) return { kind: 'finite', negative, coefficient, exponent: preferred };
  return { kind: 'finite', negative, ...withoutTrailingZeros(coefficient, shift, preferred) };
}

/** `coefficient × 10^(preferred - excess)` with trailing zeros of the coefficient moved to the exponent, up to the preferred one. */
function withoutTrailingZeros(
  coefficient: bigint,
  excess: number,
  preferred: number,
): { coefficient: bigint; exponent: number } {
  let [shortened, exponent] = [coefficient, preferred - excess];
  while (exponent < preferred && shortened % 10n === 0n) {
    shortened /= 10n;
    exponent += 1;
  }
  return { coefficient: shortened, exponent };
}
