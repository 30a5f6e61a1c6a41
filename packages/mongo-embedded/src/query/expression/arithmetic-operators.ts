import { bsonTypes } from '@emcachers/bson/bson-types';
import { dateValue, doubleValue, nullValue, type RawValue } from '@emcachers/bson/raw-value';
import { readInt64 } from '@emcachers/bson/read-bytes';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { remainderOf, squareRootOf } from '../decimal-math.ts';
import {
  type ArithmeticName,
  arithmeticOrDouble,
  divideDecimals,
  isInteger,
  type Numeric,
  narrowInteger,
  numericOf,
  numericValue,
  toDecimal,
  toDouble,
  widerKind,
} from '../numeric.ts';
import { typeNameOf } from '../type-names.ts';
import {
  type Argument,
  isPresent,
  type OperatorCompiler,
  type OperatorTable,
  withAny,
  withArguments,
} from './operator.ts';
import { placedOperator } from './round-operators.ts';

function numberOrFail(value: RawValue, fail: () => MongoFailure): Numeric {
  const number = numericOf(value);
  if (number === undefined) throw fail();
  return number;
}

function onlyNumbers(name: string, value: RawValue): MongoFailure {
  return new MongoFailure('TypeMismatch', `${name} only supports numeric types, not ${typeNameOf(value)}`);
}

/** The sum of numbers, or of one date and numbers of milliseconds. */
function add(values: readonly Argument[]): Argument {
  let total: Numeric = { kind: 'int32', value: 0n };
  let date: RawValue | undefined;
  for (const value of values) {
    if (!isPresent(value)) return nullValue;
    if (value.type === bsonTypes.date) date = onlyDate(date, value);
    else total = accumulated('add', total, value);
  }
  if (date === undefined) return numericValue(total);
  return dateValue(readInt64(date.bytes, date.start) + BigInt(Math.round(toDouble(total))));
}

function onlyDate(earlier: RawValue | undefined, date: RawValue): RawValue {
  if (earlier !== undefined) throw new MongoFailure(16612, 'only one date allowed in an $add expression');
  return date;
}

function multiply(values: readonly Argument[]): Argument {
  let total: Numeric = { kind: 'int32', value: 1n };
  for (const value of values) {
    if (!isPresent(value)) return nullValue;
    total = accumulated('multiply', total, value);
  }
  return numericValue(total);
}

function accumulated(name: ArithmeticName, total: Numeric, value: RawValue): Numeric {
  const number = numberOrFail(value, () => onlyNumbers(`$${name}`, value));
  return arithmeticOrDouble(name, total, number);
}

function subtract([left, right]: readonly Argument[]): Argument {
  if (!isPresent(left) || !isPresent(right)) return nullValue;
  if (left.type === bsonTypes.date) {
    const milliseconds = readInt64(left.bytes, left.start);
    if (right.type === bsonTypes.date)
      return numericValue({ kind: 'int64', value: milliseconds - readInt64(right.bytes, right.start) });
    const number = numberOrFail(right, () => cannotSubtract(left, right));
    return dateValue(milliseconds - BigInt(Math.round(toDouble(number))));
  }
  const fail = () => cannotSubtract(left, right);
  return numericValue(arithmeticOrDouble('subtract', numberOrFail(left, fail), numberOrFail(right, fail)));
}

function cannotSubtract(left: RawValue, right: RawValue): MongoFailure {
  return new MongoFailure('TypeMismatch', `can't $subtract ${typeNameOf(right)} from ${typeNameOf(left)}`);
}

function divide([left, right]: readonly Argument[]): Argument {
  if (!isPresent(left) || !isPresent(right)) return nullValue;
  const fail = () =>
    new MongoFailure(
      'TypeMismatch',
      `$divide only supports numeric types, not ${typeNameOf(left)} and ${typeNameOf(right)}`,
    );
  const [dividend, divisor] = [numberOrFail(left, fail), numberOrFail(right, fail)];
  if (toDouble(divisor) === 0) throw new MongoFailure('BadValue', "can't $divide by zero");
  if (dividend.kind === 'decimal' || divisor.kind === 'decimal') {
    return numericValue({ kind: 'decimal', value: divideDecimals(toDecimal(dividend), toDecimal(divisor)) });
  }
  return doubleValue(toDouble(dividend) / toDouble(divisor));
}

function modulo([left, right]: readonly Argument[]): Argument {
  if (!isPresent(left) || !isPresent(right)) return nullValue;
  const fail = () =>
    new MongoFailure(16611, `$mod only supports numeric types, not ${typeNameOf(left)} and ${typeNameOf(right)}`);
  const [dividend, divisor] = [numberOrFail(left, fail), numberOrFail(right, fail)];
  if (isZero(divisor)) throw new MongoFailure(16610, "can't $mod by zero");
  if (isInteger(dividend) && isInteger(divisor)) {
    const value = dividend.value % divisor.value;
    return numericValue(narrowInteger(value, widerKind(dividend, divisor)) ?? { kind: 'int64', value });
  }
  if (dividend.kind === 'decimal' || divisor.kind === 'decimal')
    return numericValue({ kind: 'decimal', value: remainderOf(toDecimal(dividend), toDecimal(divisor)) });
  return doubleValue(toDouble(dividend) % toDouble(divisor));
}

/** A decimal may be too small for a double. */
function isZero(number: Numeric): boolean {
  if (number.kind === 'decimal') return number.value.kind === 'finite' && number.value.coefficient === 0n;
  return Number(number.value) === 0;
}

function isNegative(number: Numeric): boolean {
  if (number.kind !== 'decimal') return number.value < 0;
  return number.value.kind !== 'nan' && number.value.negative && !isZero(number);
}

function refuseDecimals(name: string, numbers: readonly Numeric[]): void {
  if (numbers.every(({ kind }) => kind !== 'decimal')) return;
  throw new MongoFailure('CommandNotSupported', `${name} of Decimal128 is not supported by this server`);
}

/** A function of one number; integers stay integers if `onInteger` is given. */
function unary(onDouble: (value: number) => number, onInteger?: (value: bigint) => bigint): OperatorCompiler {
  return withArguments(1, ([value], name) => {
    if (!isPresent(value)) return nullValue;
    const number = numberOrFail(
      value,
      () => new MongoFailure(28765, `${name} only supports numeric types, not ${typeNameOf(value)}`),
    );
    if (onInteger !== undefined && isInteger(number)) {
      const result = onInteger(number.value);
      return numericValue(narrowInteger(result, number.kind) ?? { kind: 'double', value: Number(result) });
    }
    refuseDecimals(name, [number]);
    return doubleValue(onDouble(toDouble(number)));
  });
}

function logarithm([value, base]: readonly Argument[]): Argument {
  if (!isPresent(value) || !isPresent(base)) return nullValue;
  const number = numberOrFail(
    value,
    () => new MongoFailure(28756, `$log's argument must be numeric, not ${typeNameOf(value)}`),
  );
  const root = numberOrFail(
    base,
    () => new MongoFailure(28757, `$log's base must be numeric, not ${typeNameOf(base)}`),
  );
  refuseDecimals('$log', [number, root]);
  const [argument, rootNumber] = [toDouble(number), toDouble(root)];
  if (argument <= 0) throw new MongoFailure(28758, `$log's argument must be a positive number, but is ${argument}`);
  if (rootNumber <= 0 || rootNumber === 1)
    throw new MongoFailure(28759, `$log's base must be a positive number not equal to 1, but is ${rootNumber}`);
  return doubleValue(Math.log(argument) / Math.log(rootNumber));
}

/** A logarithm to a fixed base; `code` is the error of an argument that is not positive. */
function logarithmOf(logarithmFor: (value: number) => number, name: string, code: number): OperatorCompiler {
  return unary((value) => {
    if (value <= 0) throw new MongoFailure(code, `${name}'s argument must be a positive number, but is ${value}`);
    return logarithmFor(value);
  });
}

function squareRoot([value]: readonly Argument[]): Argument {
  if (!isPresent(value)) return nullValue;
  const number = numberOrFail(
    value,
    () => new MongoFailure(28765, `$sqrt only supports numeric types, not ${typeNameOf(value)}`),
  );
  if (isNegative(number)) throw new MongoFailure(28714, "$sqrt's argument must be greater than or equal to 0");
  if (number.kind === 'decimal') return numericValue({ kind: 'decimal', value: squareRootOf(number.value) });
  return doubleValue(Math.sqrt(toDouble(number)));
}

function power([base, exponent]: readonly Argument[]): Argument {
  if (!isPresent(base) || !isPresent(exponent)) return nullValue;
  const one = numberOrFail(base, () => new MongoFailure(28762, `$pow's base must be numeric, not ${typeNameOf(base)}`));
  const other = numberOrFail(
    exponent,
    () => new MongoFailure(28763, `$pow's exponent must be numeric, not ${typeNameOf(exponent)}`),
  );
  refuseDecimals('$pow', [one, other]);
  if (isZero(one) && toDouble(other) < 0)
    throw new MongoFailure(28764, '$pow cannot take a base of 0 and a negative exponent');
  return numericValue(integerPower(one, other) ?? { kind: 'double', value: toDouble(one) ** toDouble(other) });
}

/** The power of two integers; undefined if it is not an integer of 64 bits. */
function integerPower(base: Numeric, exponent: Numeric): Numeric | undefined {
  if (!isInteger(base) || !isInteger(exponent)) return undefined;
  if (exponent.value < 0n || exponent.value >= 64n) return undefined;
  return narrowInteger(base.value ** exponent.value, widerKind(base, exponent));
}

/** Arithmetic with MongoDB's widening of types. Source: the manual's page "Arithmetic Expression Operators". */
export const arithmeticOperators: OperatorTable = {
  $add: withAny(add),
  $multiply: withAny(multiply),
  $subtract: withArguments(2, subtract),
  $divide: withArguments(2, divide),
  $mod: withArguments(2, modulo),
  $abs: unary(Math.abs, (value) => (value < 0n ? -value : value)),
  $ceil: unary(Math.ceil, (value) => value),
  $floor: unary(Math.floor, (value) => value),
  $sqrt: withArguments(1, squareRoot),
  $exp: unary(Math.exp),
  $ln: logarithmOf(Math.log, '$ln', 28766),
  $log10: logarithmOf(Math.log10, '$log10', 28761),
  $log: withArguments(2, logarithm),
  $pow: withArguments(2, power),
  $round: placedOperator('nearest'),
  $trunc: placedOperator('zero'),
};
