import { bsonTypes } from '@emcachers/bson/bson-types';
import { type RawValue, stringOf } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../error/mongo-failure.ts';
import { bitTest } from './bit-test.ts';
import { compareValues, typeOrderOf } from './compare.ts';
import { type FieldPath, fieldPath, type MatchTrace, type PathProbe, someAtPath } from './field-path.ts';
import { numericOf, toDouble, toInteger } from './numeric.ts';
import { orderKey } from './order-key.ts';
import { itemsOf } from './raw-document.ts';
import { regexParts, regexTest } from './regex.ts';
import { typeTest } from './type-names.ts';

/** A condition on one value; `undefined` if nothing exists at the path. */
export type ValueTest = (value: RawValue | undefined) => boolean;

/** A condition on a whole document. */
export type DocumentTest = (document: RawValue, trace: MatchTrace) => boolean;

function badValue(message: string): MongoFailure {
  return new MongoFailure('BadValue', message);
}

function isNaNValue(value: RawValue): boolean {
  const number = numericOf(value);
  return number !== undefined && Number.isNaN(toDouble(number));
}

function isNullish(value: RawValue | undefined): boolean {
  return value === undefined || value.type === bsonTypes.null || value.type === bsonTypes.undefined;
}

export type ComparisonOperator = '$eq' | '$gt' | '$gte' | '$lt' | '$lte';

/**
 * Compares only within the operand's type class. Null also matches missing; NaN equals NaN and is otherwise
 * unordered. Source: `ComparisonMatchExpression::matchesSingleElement` in mongodb/mongo.
 */
export function comparisonTest(name: ComparisonOperator, operand: RawValue): ValueTest {
  if (operand.type === bsonTypes.undefined) throw badValue('cannot compare to undefined');
  const isEqualAllowed = name === '$eq' || name === '$gte' || name === '$lte';
  if (operand.type === bsonTypes.null) return (value) => isEqualAllowed && isNullish(value);
  if (operand.type === bsonTypes.minKey || operand.type === bsonTypes.maxKey) return extremeTest(name, operand);
  if (isNaNValue(operand)) return (value) => isEqualAllowed && value !== undefined && isNaNValue(value);
  const order = typeOrderOf(operand.type);
  return (value) => {
    if (value === undefined || typeOrderOf(value.type) !== order) return false;
    const compared = compareValues(value, operand);
    if (compared === 0) return isEqualAllowed;
    if (name === '$eq' || isNaNValue(value)) return false;
    return name === '$gt' || name === '$gte' ? compared > 0 : compared < 0;
  };
}

function extremeTest(name: ComparisonOperator, operand: RawValue): ValueTest {
  const accepts = operand.type === bsonTypes.maxKey ? ['$lt', '$lte'] : ['$gt', '$gte'];
  return (value) => {
    if (value?.type === operand.type) return name === '$eq' || name === '$gte' || name === '$lte';
    return accepts.includes(name);
  };
}

/** A plain value in a filter: a regular expression matches, anything else compares. */
export function equalityTest(operand: RawValue): ValueTest {
  return operand.type === bsonTypes.regex ? regexTest(regexParts(operand)) : comparisonTest('$eq', operand);
}

export function inTest(operand: RawValue, operator = '$in'): ValueTest {
  if (operand.type !== bsonTypes.array) throw badValue(`${operator} needs an array`);
  const items = itemsOf(operand);
  if (items.some((item) => item.type === bsonTypes.undefined)) throw badValue(`cannot compare to undefined`);
  const patterns = items.filter((item) => item.type === bsonTypes.regex).map((item) => regexTest(regexParts(item)));
  const keys = new Set(items.map((item) => orderKey(item).toString('latin1')));
  const hasNull = items.some((item) => item.type === bsonTypes.null);
  return (value) => {
    if (hasNull && isNullish(value)) return true;
    if (value === undefined) return false;
    return keys.has(orderKey(value).toString('latin1')) || patterns.some((test) => test(value));
  };
}

export function modTest(operand: RawValue): ValueTest {
  const items = operand.type === bsonTypes.array ? itemsOf(operand) : undefined;
  if (items === undefined) throw badValue('malformed mod, needs to be an array');
  if (items.length < 2) throw badValue('malformed mod, not enough elements');
  if (items.length > 2) throw badValue('malformed mod, too many elements');
  const [divisor, remainder] = items.map((item) => truncated(item));
  if (divisor === undefined) throw badValue('malformed mod, divisor is not a number');
  if (remainder === undefined) throw badValue('malformed mod, remainder is not a number');
  if (divisor === 0n) throw badValue('divisor cannot be 0');
  return (value) => {
    const number = value === undefined ? undefined : truncated(value);
    return number !== undefined && number % divisor === remainder;
  };
}

function truncated(value: RawValue): bigint | undefined {
  const number = numericOf(value);
  if (number === undefined) return undefined;
  const integer = toInteger(number);
  if (integer !== undefined) return integer;
  const double = Math.trunc(toDouble(number));
  return Number.isSafeInteger(double) ? BigInt(double) : undefined;
}

/** The operand of `$size`. */
function sizeOf(operand: RawValue): bigint {
  const number = numericOf(operand);
  const size = number === undefined ? undefined : toInteger(number);
  if (size === undefined) throw badValue(`Failed to parse $size. Expected a number in: $size`);
  if (size < 0n) throw badValue(`Failed to parse $size. Expected a non-negative number in: $size: ${size}`);
  return size;
}

function sizeTest(operand: RawValue): ValueTest {
  const size = sizeOf(operand);
  return (value) => value?.type === bsonTypes.array && BigInt(itemsOf(value).length) === size;
}

/** The operators that test one value, by name: how to parse the operand, and whether arrays are traversed. */
const valueOperators: Readonly<
  Record<string, { readonly test: (operand: RawValue) => ValueTest; readonly entersLastArray: boolean }>
> = {
  $eq: { test: (operand) => comparisonTest('$eq', operand), entersLastArray: true },
  $gt: { test: (operand) => comparisonTest('$gt', operand), entersLastArray: true },
  $gte: { test: (operand) => comparisonTest('$gte', operand), entersLastArray: true },
  $lt: { test: (operand) => comparisonTest('$lt', operand), entersLastArray: true },
  $lte: { test: (operand) => comparisonTest('$lte', operand), entersLastArray: true },
  $in: { test: (operand) => inTest(operand), entersLastArray: true },
  $mod: { test: modTest, entersLastArray: true },
  $type: { test: typeTest, entersLastArray: true },
  $size: { test: sizeTest, entersLastArray: false },
  $bitsAllSet: { test: (operand) => bitTest('$bitsAllSet', operand), entersLastArray: true },
  $bitsAnySet: { test: (operand) => bitTest('$bitsAnySet', operand), entersLastArray: true },
  $bitsAllClear: { test: (operand) => bitTest('$bitsAllClear', operand), entersLastArray: true },
  $bitsAnyClear: { test: (operand) => bitTest('$bitsAnyClear', operand), entersLastArray: true },
};

/** The probe of an operator that tests one value, or undefined for any other operator. */
export function valueProbe(operator: string, operand: RawValue): PathProbe | undefined {
  const known = valueOperators[operator];
  return known === undefined ? undefined : { test: known.test(operand), entersLastArray: known.entersLastArray };
}

/** `$regex` with its `$options`. */
export function regexOperatorTest(operand: RawValue, options: RawValue | undefined): ValueTest {
  const parts = operand.type === bsonTypes.regex ? regexParts(operand) : undefined;
  if (parts === undefined && operand.type !== bsonTypes.string) throw badValue('$regex has to be a string');
  if (options !== undefined && options.type !== bsonTypes.string) throw badValue('$options has to be a string');
  if (parts !== undefined && parts.flags !== '' && options !== undefined) {
    throw new MongoFailure(51075, 'options set in both $regex and $options');
  }
  return regexTest({
    pattern: parts?.pattern ?? stringOf(operand),
    flags: options === undefined ? (parts?.flags ?? '') : stringOf(options),
  });
}

/** A probe at a path, as a condition on the document. */
export function atPath(path: FieldPath | string, probe: PathProbe): DocumentTest {
  const prepared = typeof path === 'string' ? fieldPath(path) : path;
  return (document, trace) => someAtPath(document, { path: prepared, probe, trace });
}
