import { bsonTypes } from '@emcachers/bson/bson-types';
import { booleanValue, int32Value, nullValue, type RawValue } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { compareValues } from '../compare.ts';
import { itemsOf } from '../raw-document.ts';
import { compileSort, compileValueSort } from '../sort.ts';
import { accumulators } from '../stages/accumulators.ts';
import { isTruthy } from '../truth.ts';
import { typeNameOf } from '../type-names.ts';
import { arrayOf } from './expression.ts';
import { integerArgument } from './integer-argument.ts';
import {
  type Argument,
  isPresent,
  namedOperands,
  type OperatorCompiler,
  type OperatorTable,
  operandsOf,
  withAny,
  withArguments,
  withNamed,
} from './operator.ts';

function arrayItems(value: RawValue, name: string, code: number): RawValue[] {
  if (value.type !== bsonTypes.array)
    throw new MongoFailure(code, `${name} requires an array argument, found: ${typeNameOf(value)}`);
  return itemsOf(value);
}

function elementAt([array, index]: readonly Argument[], name: string): Argument {
  if (!isPresent(array) || !isPresent(index)) return nullValue;
  const items = arrayItems(array, `${name}'s first argument`, 28689);
  return items.at(integerArgument(index, name, 28690));
}

function endOf(pick: (items: readonly RawValue[]) => Argument): OperatorCompiler {
  return withArguments(1, ([array], name) => (isPresent(array) ? pick(arrayItems(array, name, 28689)) : nullValue));
}

function concatArrays(values: readonly Argument[]): Argument {
  const items: RawValue[] = [];
  for (const value of values) {
    if (!isPresent(value)) return nullValue;
    if (value.type !== bsonTypes.array)
      throw new MongoFailure(28664, `$concatArrays only supports arrays, not ${typeNameOf(value)}`);
    items.push(...itemsOf(value));
  }
  return arrayOf(items);
}

function slice([array, first, second]: readonly Argument[], name: string): Argument {
  if (!isPresent(array) || !isPresent(first)) return nullValue;
  const items = arrayItems(array, name, 28724);
  const start = integerArgument(first, name, 28725);
  if (second === undefined) return arrayOf(start >= 0 ? items.slice(0, start) : items.slice(start));
  if (!isPresent(second)) return nullValue;
  const count = integerArgument(second, name, 28727);
  if (count <= 0) throw new MongoFailure(28729, `Third argument to $slice must be positive: ${count}`);
  const from = start >= 0 ? start : Math.max(0, items.length + start);
  return arrayOf(items.slice(from, from + count));
}

function range([start, end, step]: readonly Argument[], name: string): Argument {
  const [from, to] = [integerArgument(start, name, 34443), integerArgument(end, name, 34445)];
  const by = step === undefined ? 1 : integerArgument(step, name, 34447);
  if (by === 0) throw new MongoFailure(34449, '$range requires a non-zero step value');
  const count = Math.max(0, Math.ceil((to - from) / by));
  if (count > 1_000_000) throw new MongoFailure('ExceededMemoryLimit', '$range would use too much memory');
  return arrayOf(Array.from({ length: count }, (_, index) => int32Value(from + index * by)));
}

function indexOfArray([array, wanted, start, end]: readonly Argument[], name: string): Argument {
  if (!isPresent(array)) return nullValue;
  const items = arrayItems(array, name, 40090);
  const from = start === undefined ? 0 : integerArgument(start, name, 40096);
  const to = Math.min(end === undefined ? items.length : integerArgument(end, name, 40096), items.length);
  const at = items.findIndex(
    (item, index) => index >= from && index < to && wanted !== undefined && compareValues(item, wanted) === 0,
  );
  return int32Value(at);
}

/** Accumulators that also accept an array or several operands. */
function accumulated(name: string): OperatorCompiler {
  return (use) => {
    const operands = operandsOf(use);
    const make = accumulators[name];
    if (make === undefined) throw new MongoFailure('InvalidPipelineOperator', `Unrecognized expression '${name}'`);
    return (environment) => {
      const values = operands.map((operand) => operand(environment));
      const [only] = values;
      const given = values.length === 1 && only?.type === bsonTypes.array ? itemsOf(only) : values;
      const accumulator = make();
      for (const value of given) accumulator.add(value);
      return accumulator.result();
    };
  };
}

/** `$firstN` and similar operators. */
function several(pick: (items: RawValue[], count: number) => readonly RawValue[]): OperatorCompiler {
  return withNamed({ required: ['n', 'input'], optional: [], code: 5787901 }, ({ n, input }, name) => {
    const count = integerArgument(n, name, 5787902);
    if (count <= 0) throw new MongoFailure(5787908, `'n' must be greater than 0, found ${count}`);
    if (input?.type !== bsonTypes.array) throw new MongoFailure(5788200, 'Input must be an array');
    return arrayOf(pick(itemsOf(input), count));
  });
}

const sortArray: OperatorCompiler = (use) => {
  const named = namedOperands(use, { required: ['input', 'sortBy'], optional: [], code: 2942501 });
  const [input, sortBy] = [named.get('input'), named.get('sortBy')];
  if (input === undefined || sortBy === undefined)
    throw new MongoFailure(2942502, '$sortArray requires both input and sortBy');
  const compare =
    sortBy.type === bsonTypes.object
      ? compileSort(sortBy.span()).compareValues
      : compileValueSort(integerArgument(sortBy, '$sortArray', 2942503) === 1 ? 1 : -1);
  const array = use.compile(input);
  return (environment) => {
    const value = array(environment);
    if (!isPresent(value)) return nullValue;
    return arrayOf(arrayItems(value, '$sortArray', 2942504).sort(compare));
  };
};

function zip({ inputs, useLongestLength, defaults }: Readonly<Record<string, Argument>>): Argument {
  if (!isPresent(inputs)) return nullValue;
  const lists = arrayItems(inputs, '$zip', 34461).map((list) =>
    isPresent(list) ? arrayItems(list, '$zip', 34468) : null,
  );
  if (lists.some((list) => list === null)) return nullValue;
  const lengths = lists.map((list) => list?.length ?? 0);
  const length = isTruthy(useLongestLength) ? Math.max(...lengths) : Math.min(...lengths);
  const fill = isPresent(defaults) ? arrayItems(defaults, '$zip', 34462) : [];
  return arrayOf(
    Array.from({ length }, (_, index) =>
      arrayOf(lists.map((list, column) => list?.[index] ?? fill[column] ?? nullValue)),
    ),
  );
}

/** Operators on arrays as values. Source: the manual's page "Array Expression Operators". */
export const arrayOperators: OperatorTable = {
  $arrayElemAt: withArguments(2, elementAt),
  $first: endOf((items) => items[0]),
  $last: endOf((items) => items.at(-1)),
  $size: withArguments(1, ([array]) => {
    if (array?.type !== bsonTypes.array)
      throw new MongoFailure(17124, `The argument to $size must be an array, but was of type: ${typeNameOf(array)}`);
    return int32Value(itemsOf(array).length);
  }),
  $isArray: withArguments(1, ([value]) => booleanValue(value?.type === bsonTypes.array)),
  $in: withArguments(2, ([value, array]) => {
    if (array?.type !== bsonTypes.array)
      throw new MongoFailure(40081, `$in requires an array as a second argument, found: ${typeNameOf(array)}`);
    return booleanValue(value !== undefined && itemsOf(array).some((item) => compareValues(item, value) === 0));
  }),
  $concatArrays: withAny(concatArrays),
  $slice: withArguments([2, 3], slice),
  $reverseArray: withArguments(1, ([array], name) =>
    isPresent(array) ? arrayOf(arrayItems(array, name, 34435).reverse()) : nullValue,
  ),
  $range: withArguments([2, 3], range),
  $indexOfArray: withArguments([2, 4], indexOfArray),
  $zip: withNamed({ required: ['inputs'], optional: ['useLongestLength', 'defaults'], code: 34464 }, zip),
  $sortArray: sortArray,
  $sum: accumulated('$sum'),
  $avg: accumulated('$avg'),
  $min: accumulated('$min'),
  $max: accumulated('$max'),
  $stdDevPop: accumulated('$stdDevPop'),
  $stdDevSamp: accumulated('$stdDevSamp'),
  $firstN: several((items, count) => items.slice(0, count)),
  $lastN: several((items, count) => items.slice(-count)),
  $minN: several((items, count) => items.filter(isPresent).sort(compareValues).slice(0, count)),
  $maxN: several((items, count) =>
    items
      .filter(isPresent)
      .sort((left, right) => compareValues(right, left))
      .slice(0, count),
  ),
};
