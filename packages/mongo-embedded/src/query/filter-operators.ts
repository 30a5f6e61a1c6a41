import { bsonTypes } from '@emcachers/bson/bson-types';
import { type RawValue, stringOf } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../error/mongo-failure.ts';
import { bitTest } from './bit-test.ts';
import { compareValues, typeOrderOf } from './compare.ts';
import { type FieldPath, fieldPath, type MatchTrace, type PathProbe, someAtPath } from './field-path.ts';
import { integerIn, isNaNValue, numericOf, toDouble, toInteger } from './numeric.ts';
import { orderKey } from './order-key.ts';
import { itemsOf } from './raw-document.ts';
import { type RegexParts, regexParts, regexTest } from './regex.ts';
import { typeTest } from './type-names.ts';

/** A condition on one value; `undefined` if nothing exists at the path. */
export type ValueTest = (value: RawValue | undefined) => boolean;

/** A condition on a whole document. */
export type DocumentTest = (document: RawValue, trace: MatchTrace) => boolean;

function badValue(message: string): MongoFailure {
  return new MongoFailure('BadValue', message);
}

function isNullish(value: RawValue | undefined): boolean {
  return value === undefined || value.type === bsonTypes.null || value.type === bsonTypes.undefined;
}

export type ComparisonOperator = '$eq' | '$gt' | '$gte' | '$lt' | '$lte';

/** Whether an operator accepts a value that sorts before, equal to or after the operand. */
interface Acceptance {
  readonly before: boolean;
  readonly equal: boolean;
  readonly after: boolean;
}

const acceptances: Readonly<Record<ComparisonOperator, Acceptance>> = {
  $eq: { before: false, equal: true, after: false },
  $gt: { before: false, equal: false, after: true },
  $gte: { before: false, equal: true, after: true },
  $lt: { before: true, equal: false, after: false },
  $lte: { before: true, equal: true, after: false },
};

/**
 * Compares only within the operand's type class. Null also matches missing; NaN equals NaN and is otherwise
 * unordered. Source: `ComparisonMatchExpression::matchesSingleElement` in mongodb/mongo.
 */
export function comparisonTest(name: ComparisonOperator, operand: RawValue): ValueTest {
  if (operand.type === bsonTypes.undefined) throw badValue('cannot compare to undefined');
  const { before, equal, after } = acceptances[name];
  if (operand.type === bsonTypes.null) return (value) => equal && isNullish(value);
  if (operand.type === bsonTypes.maxKey) return (value) => (value?.type === bsonTypes.maxKey ? equal : before);
  if (operand.type === bsonTypes.minKey) return (value) => (value?.type === bsonTypes.minKey ? equal : after);
  if (isNaNValue(operand)) return (value) => equal && value !== undefined && isNaNValue(value);
  return orderTest(operand, acceptances[name]);
}

function orderTest(operand: RawValue, { before, equal, after }: Acceptance): ValueTest {
  const order = typeOrderOf(operand.type);
  return (value) => {
    if (value === undefined || typeOrderOf(value.type) !== order) return false;
    const compared = compareValues(value, operand);
    if (compared === 0) return equal;
    return (compared < 0 ? before : after) && !isNaNValue(value);
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
  const size = integerIn(operand);
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
  const { pattern, flags } = regexOperand(operand);
  if (options === undefined) return regexTest({ pattern, flags });
  if (options.type !== bsonTypes.string) throw badValue('$options has to be a string');
  if (flags !== '') throw new MongoFailure(51075, 'options set in both $regex and $options');
  return regexTest({ pattern, flags: stringOf(options) });
}

function regexOperand(operand: RawValue): RegexParts {
  if (operand.type === bsonTypes.regex) return regexParts(operand);
  if (operand.type === bsonTypes.string) return { pattern: stringOf(operand), flags: '' };
  throw badValue('$regex has to be a string');
}

/** A probe at a path, as a condition on the document. */
export function atPath(path: FieldPath | string, probe: PathProbe): DocumentTest {
  const prepared = typeof path === 'string' ? fieldPath(path) : path;
  return (document, trace) => someAtPath(document, { path: prepared, probe, trace });
}
