import { bsonTypes } from '@emcachers/bson/bson-types';
import { booleanValue, nullValue, type RawValue } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { compareValues } from '../compare.ts';
import { orderKey } from '../order-key.ts';
import { itemsOf } from '../raw-document.ts';
import { isTruthy } from '../truth.ts';
import { typeNameOf } from '../type-names.ts';
import { arrayOf } from './expression.ts';
import { type Argument, isPresent, type OperatorTable, withAny, withArguments } from './operator.ts';

type ValueSet = Map<string, RawValue>;

function setOf(items: readonly RawValue[]): ValueSet {
  const set: ValueSet = new Map();
  for (const item of items) {
    const key = orderKey(item).toString('latin1');
    if (!set.has(key)) set.set(key, item);
  }
  return set;
}

function sorted(set: ValueSet): RawValue {
  return arrayOf([...set.values()].sort(compareValues));
}

function itemsFor(value: RawValue, name: string, code: number): RawValue[] {
  if (value.type !== bsonTypes.array)
    throw new MongoFailure(
      code,
      `All operands of ${name} must be arrays. One argument is of type: ${typeNameOf(value)}`,
    );
  return itemsOf(value);
}

function union(values: readonly Argument[]): Argument {
  const all: RawValue[] = [];
  for (const value of values) {
    if (!isPresent(value)) return nullValue;
    all.push(...itemsFor(value, '$setUnion', 17043));
  }
  return sorted(setOf(all));
}

function intersection(values: readonly Argument[]): Argument {
  let common: ValueSet | undefined;
  for (const value of values) {
    if (!isPresent(value)) return nullValue;
    const set = setOf(itemsFor(value, '$setIntersection', 17047));
    common = common === undefined ? set : new Map([...common].filter(([key]) => set.has(key)));
  }
  return sorted(common ?? new Map());
}

function difference([left, right]: readonly Argument[]): Argument {
  if (!isPresent(left) || !isPresent(right)) return nullValue;
  const unwanted = setOf(itemsFor(right, '$setDifference', 17049));
  const kept = [...setOf(itemsFor(left, '$setDifference', 17048))].filter(([key]) => !unwanted.has(key));
  return arrayOf(kept.map(([, item]) => item));
}

function required(value: Argument, name: string, code: number): ValueSet {
  if (value?.type !== bsonTypes.array)
    throw new MongoFailure(
      code,
      `All operands of ${name} must be arrays. One argument is of type: ${typeNameOf(value)}`,
    );
  return setOf(itemsOf(value));
}

function equals(values: readonly Argument[]): Argument {
  if (values.length < 2) throw new MongoFailure(17045, `$setEquals needs at least two arguments had: ${values.length}`);
  const [first, ...others] = values.map((value) => required(value, '$setEquals', 17044));
  return booleanValue(
    others.every(
      (set) => first !== undefined && set.size === first.size && [...set.keys()].every((key) => first.has(key)),
    ),
  );
}

/** Operators that take arrays as sets. Source: the manual's page "Set Expression Operators". */
export const setOperators: OperatorTable = {
  $setUnion: withAny(union),
  $setIntersection: withAny(intersection),
  $setDifference: withArguments(2, difference),
  $setEquals: withAny(equals),
  $setIsSubset: withArguments(2, ([left, right], name) => {
    const [small, large] = [required(left, name, 17046), required(right, name, 17042)];
    return booleanValue([...small.keys()].every((key) => large.has(key)));
  }),
  $anyElementTrue: withArguments(1, ([value], name) =>
    booleanValue([...required(value, name, 17041).values()].some(isTruthy)),
  ),
  $allElementsTrue: withArguments(1, ([value], name) =>
    booleanValue([...required(value, name, 17040).values()].every(isTruthy)),
  ),
};
