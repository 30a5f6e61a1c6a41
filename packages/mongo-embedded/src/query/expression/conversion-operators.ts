import { Buffer } from 'node:buffer';
import { bsonTypes } from '@emcachers/bson/bson-types';
import { decimalText } from '@emcachers/bson/decimal128';
import {
  booleanValue,
  dateValue,
  nullValue,
  type RawValue,
  rawValue,
  stringOf,
  stringValue,
} from '@emcachers/bson/raw-value';
import { readInt64, readUint32 } from '@emcachers/bson/read-bytes';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { decimalFromInteger, decimalToDouble, parseDecimal } from '../decimal.ts';
import { nameTable } from '../name-table.ts';
import { isInteger, isNumberType, type Numeric, numericOf, numericValue, toDecimal, toDouble } from '../numeric.ts';
import { isTruthy } from '../truth.ts';
import { typeNameOf } from '../type-names.ts';
import { formatDate } from './date-format.ts';
import type { Expression } from './expression.ts';
import {
  type Argument,
  isPresent,
  namedOperands,
  type OperatorCompiler,
  type OperatorTable,
  withArguments,
} from './operator.ts';
import { fromLocal, timeZoneOf } from './time-zone.ts';

type Converter = (value: RawValue) => RawValue;

function impossible(value: RawValue, target: string): MongoFailure {
  return new MongoFailure(
    'ConversionFailure',
    `Unsupported conversion from ${typeNameOf(value)} to ${target} in $convert with no onError value`,
  );
}

function unparsable(text: string, target: string): MongoFailure {
  return new MongoFailure(
    'ConversionFailure',
    `Failed to parse number '${text}' in $convert with no onError value: ${target}`,
  );
}

function toWhole(value: RawValue, bounds: { readonly target: 'int' | 'long'; readonly bits: 32 | 64 }): RawValue {
  const whole = wholeOf(value, bounds.target);
  if (BigInt.asIntN(bounds.bits, whole) !== whole) {
    throw new MongoFailure(
      'ConversionFailure',
      `Conversion would overflow target type in $convert with no onError value: ${whole}`,
    );
  }
  return numericValue({ kind: bounds.bits === 32 ? 'int32' : 'int64', value: whole });
}

function wholeOf(value: RawValue, target: string): bigint {
  if (value.type === bsonTypes.boolean) return isTruthy(value) ? 1n : 0n;
  if (value.type === bsonTypes.date && target === 'long') return readInt64(value.bytes, value.start);
  if (value.type === bsonTypes.string) return parsedWhole(stringOf(value), target);
  const number = numericOf(value);
  if (number === undefined) throw impossible(value, target);
  return truncated(number);
}

function parsedWhole(text: string, target: string): bigint {
  if (!/^[+-]?\d+$/.test(text)) throw unparsable(text, target);
  return BigInt(text);
}

function truncated(number: Numeric): bigint {
  if (isInteger(number)) return number.value;
  const double = toDouble(number);
  if (!Number.isFinite(double))
    throw new MongoFailure(
      'ConversionFailure',
      `Attempt to convert ${Number.isNaN(double) ? 'NaN' : 'infinity'} value to integer type in $convert with no onError value`,
    );
  return number.kind === 'decimal' ? truncatedDecimal(number) : BigInt(Math.trunc(double));
}

function truncatedDecimal(number: Numeric & { kind: 'decimal' }): bigint {
  const { coefficient, exponent, negative } = number.value;
  const magnitude = exponent >= 0 ? coefficient * 10n ** BigInt(exponent) : coefficient / 10n ** BigInt(-exponent);
  return negative ? -magnitude : magnitude;
}

function toDoubleValue(value: RawValue): RawValue {
  if (value.type === bsonTypes.boolean) return numericValue({ kind: 'double', value: isTruthy(value) ? 1 : 0 });
  if (value.type === bsonTypes.date)
    return numericValue({ kind: 'double', value: Number(readInt64(value.bytes, value.start)) });
  if (value.type === bsonTypes.string) {
    const decimal = parseDecimal(stringOf(value));
    if (decimal === undefined) throw unparsable(stringOf(value), 'double');
    return numericValue({ kind: 'double', value: decimalToDouble(decimal) });
  }
  const number = numericOf(value);
  if (number === undefined) throw impossible(value, 'double');
  return numericValue({ kind: 'double', value: toDouble(number) });
}

function toDecimalValue(value: RawValue): RawValue {
  if (value.type === bsonTypes.boolean)
    return numericValue({ kind: 'decimal', value: decimalFromInteger(isTruthy(value) ? 1n : 0n) });
  if (value.type === bsonTypes.date)
    return numericValue({ kind: 'decimal', value: decimalFromInteger(readInt64(value.bytes, value.start)) });
  if (value.type === bsonTypes.string) {
    const decimal = parseDecimal(stringOf(value));
    if (decimal === undefined) throw unparsable(stringOf(value), 'decimal');
    return numericValue({ kind: 'decimal', value: decimal });
  }
  const number = numericOf(value);
  if (number === undefined) throw impossible(value, 'decimal');
  return numericValue({ kind: 'decimal', value: toDecimal(number) });
}

function toText(value: RawValue): RawValue {
  switch (value.type) {
    case bsonTypes.string:
      return value;
    case bsonTypes.boolean:
      return stringValue(isTruthy(value) ? 'true' : 'false');
    case bsonTypes.objectId:
      return stringValue(Buffer.from(value.span()).toString('hex'));
    case bsonTypes.date:
      return stringValue(formatDate(readInt64(value.bytes, value.start)));
    default: {
      const number = numericOf(value);
      if (number === undefined) throw impossible(value, 'string');
      return stringValue(numberText(number));
    }
  }
}

function numberText(number: Numeric): string {
  if (number.kind === 'decimal') return decimalText(number.value);
  if (number.kind !== 'double') return String(number.value);
  if (Number.isFinite(number.value)) return String(number.value);
  return Number.isNaN(number.value) ? 'NaN' : number.value > 0 ? 'Infinity' : '-Infinity';
}

function toDate(value: RawValue): RawValue {
  if (value.type === bsonTypes.date) return value;
  if (value.type === bsonTypes.objectId) {
    const [one = 0, two = 0, three = 0, four = 0] = value.span();
    return dateValue(BigInt(((one << 24) | (two << 16) | (three << 8) | four) >>> 0) * 1000n);
  }
  if (value.type === bsonTypes.timestamp) return dateValue(BigInt(readUint32(value.bytes, value.start + 4)) * 1000n);
  if (value.type === bsonTypes.string) return parsedDate(stringOf(value));
  if (isNumberType(value.type) && value.type !== bsonTypes.int32) return dateValue(wholeOf(value, 'long'));
  throw impossible(value, 'date');
}

/** ISO 8601; text without a zone is in the given one, UTC by default. A zone in both is refused. */
export function parsedDate(text: string, timezone?: Argument): RawValue {
  const match = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(Z|[+-]\d{2}:?\d{2})?)?$/.exec(
    text.trim(),
  );
  const milliseconds =
    match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2] ?? '00:00:00'}${match[3] ?? 'Z'}`);
  if (Number.isNaN(milliseconds)) throw new MongoFailure('ConversionFailure', `Error parsing date string '${text}'`);
  if (timezone === undefined) return dateValue(BigInt(milliseconds));
  if (match?.[3] !== undefined)
    throw new MongoFailure(
      'ConversionFailure',
      `you cannot pass in a date/time string with GMT offset together with a timezone argument`,
    );
  return dateValue(BigInt(fromLocal(milliseconds, timeZoneOf(timezone))));
}

function toObjectId(value: RawValue): RawValue {
  if (value.type === bsonTypes.objectId) return value;
  if (value.type !== bsonTypes.string) throw impossible(value, 'objectId');
  const text = stringOf(value);
  if (!/^[0-9a-fA-F]{24}$/.test(text))
    throw new MongoFailure('ConversionFailure', `Failed to parse objectId '${text}' in $convert with no onError value`);
  return rawValue(bsonTypes.objectId, Buffer.from(text, 'hex'));
}

function toBoolean(value: RawValue): RawValue {
  return booleanValue(isTruthy(value));
}

const converters: Readonly<Record<string, Converter>> = nameTable({
  double: toDoubleValue,
  string: toText,
  objectId: toObjectId,
  bool: toBoolean,
  date: toDate,
  int: (value) => toWhole(value, { target: 'int', bits: 32 }),
  long: (value) => toWhole(value, { target: 'long', bits: 64 }),
  decimal: toDecimalValue,
});

const typeCodes: Readonly<Record<string, string>> = {
  1: 'double',
  2: 'string',
  7: 'objectId',
  8: 'bool',
  9: 'date',
  16: 'int',
  18: 'long',
  19: 'decimal',
};

function shorthand(target: string): OperatorCompiler {
  return withArguments(1, ([value]) => (isPresent(value) ? converters[target]?.(value) : nullValue));
}

/** The converter to the type that `to` names, by its alias or its number. */
function converterTo(to: RawValue): Converter {
  const number = numericOf(to) ?? { kind: 'double', value: 0 };
  const name = to.type === bsonTypes.string ? stringOf(to) : (typeCodes[String(toDouble(number))] ?? '');
  const converter = converters[name];
  if (converter === undefined) throw new MongoFailure('BadValue', `Unknown type name: ${name}`);
  return converter;
}

const convert: OperatorCompiler = (use) => {
  const named = namedOperands(use, {
    required: ['input', 'to'],
    optional: ['onError', 'onNull', 'format', 'byteOrder'],
    code: 9,
  });
  const compiled: Readonly<Record<string, Expression>> = Object.fromEntries(
    [...named].map(([name, spec]) => [name, use.compile(spec)]),
  );
  const { input, to, onError, onNull = toNull } = compiled;
  return (environment): Argument => {
    const value = input?.(environment);
    const target = to?.(environment);
    if (!isPresent(target)) return nullValue;
    if (!isPresent(value)) return onNull(environment);
    const converted = tryConvert(converterTo(target), value);
    if (!(converted instanceof MongoFailure)) return converted;
    if (onError === undefined) throw converted;
    return onError(environment);
  };
};

function toNull(): RawValue {
  return nullValue;
}

function tryConvert(converter: Converter, value: RawValue): RawValue | MongoFailure {
  try {
    return converter(value);
  } catch (error) {
    if (error instanceof MongoFailure) return error;
    throw error;
  }
}

/** Types and conversions. Source: the manual's page "$convert". */
export const conversionOperators: OperatorTable = {
  $type: withArguments(1, ([value]) => stringValue(typeNameOf(value))),
  $isNumber: withArguments(1, ([value]) => booleanValue(value !== undefined && isNumberType(value.type))),
  $convert: convert,
  $toDouble: shorthand('double'),
  $toString: shorthand('string'),
  $toObjectId: shorthand('objectId'),
  $toBool: shorthand('bool'),
  $toDate: shorthand('date'),
  $toInt: shorthand('int'),
  $toLong: shorthand('long'),
  $toDecimal: shorthand('decimal'),
};
