import { bsonTypes } from '@emcachers/bson/bson-types';
import { nullValue, type RawValue } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { compareValues } from '../compare.ts';
import { arrayOf, documentOf } from '../expression/expression.ts';
import { type Argument, isPresent } from '../expression/operator.ts';
import { nameTable } from '../name-table.ts';
import {
  arithmeticOrDouble,
  divideDecimals,
  type Numeric,
  numericOf,
  numericValue,
  toDecimal,
  toDouble,
} from '../numeric.ts';
import { orderKey } from '../order-key.ts';
import { entriesOf } from '../raw-document.ts';
import { typeNameOf } from '../type-names.ts';

/** Takes the values of one group one by one. */
export interface Accumulator {
  add(value: Argument): void;
  result(): RawValue;
}

const zero: Numeric = { kind: 'int32', value: 0n };

function sum(): Accumulator {
  let total: Numeric = zero;
  return {
    add: (value) => {
      const number = value === undefined ? undefined : numericOf(value);
      if (number !== undefined) total = arithmeticOrDouble('add', total, number);
    },
    result: () => numericValue(total),
  };
}

function average(): Accumulator {
  let total: Numeric = zero;
  let count = 0;
  return {
    add: (value) => {
      const number = value === undefined ? undefined : numericOf(value);
      if (number === undefined) return;
      total = arithmeticOrDouble('add', total, number);
      count += 1;
    },
    result: () => (count === 0 ? nullValue : numericValue(quotient(total, count))),
  };
}

function quotient(total: Numeric, count: number): Numeric {
  if (total.kind !== 'decimal') return { kind: 'double', value: toDouble(total) / count };
  return { kind: 'decimal', value: divideDecimals(total.value, toDecimal({ kind: 'int32', value: BigInt(count) })) };
}

/** Null and missing are ignored. */
function extreme(direction: 1 | -1): Accumulator {
  let best: RawValue | undefined;
  return {
    add: (value) => {
      if (isPresent(value) && (best === undefined || compareValues(value, best) * direction > 0)) best = value;
    },
    result: () => best ?? nullValue,
  };
}

function first(): Accumulator {
  let kept: RawValue | undefined;
  return {
    add: (value) => {
      kept ??= value ?? nullValue;
    },
    result: () => kept ?? nullValue,
  };
}

function last(): Accumulator {
  let kept: RawValue = nullValue;
  return {
    add: (value) => {
      kept = value ?? nullValue;
    },
    result: () => kept,
  };
}

function push(): Accumulator {
  const items: RawValue[] = [];
  return {
    add: (value) => {
      if (value !== undefined) items.push(value);
    },
    result: () => arrayOf(items),
  };
}

function addToSet(): Accumulator {
  const items = new Map<string, RawValue>();
  return {
    add: (value) => {
      if (value === undefined) return;
      const key = orderKey(value).toString('latin1');
      if (!items.has(key)) items.set(key, value);
    },
    result: () => arrayOf([...items.values()]),
  };
}

function mergeObjects(): Accumulator {
  const fields = new Map<string, RawValue>();
  return {
    add: (value) => {
      if (!isPresent(value)) return;
      if (value.type !== bsonTypes.object)
        throw new MongoFailure(
          40400,
          `$mergeObjects requires object inputs, but input is of type ${typeNameOf(value)}`,
        );
      for (const [name, field] of entriesOf(value)) fields.set(name, field);
    },
    result: () => documentOf([...fields]),
  };
}

/** Spread of numbers: population or sample. */
function deviation(isSample: boolean): Accumulator {
  let count = 0;
  let mean = 0;
  let squares = 0;
  return {
    add: (value) => {
      const number = value === undefined ? undefined : numericOf(value);
      if (number === undefined) return;
      const double = toDouble(number);
      count += 1;
      const delta = double - mean;
      mean += delta / count;
      squares += delta * (double - mean);
    },
    result: () => {
      const divisor = isSample ? count - 1 : count;
      return divisor <= 0 ? nullValue : numericValue({ kind: 'double', value: Math.sqrt(squares / divisor) });
    },
  };
}

/** Accumulators of `$group`, as factories. Source: the manual's page "$group". */
export const accumulators: Readonly<Record<string, () => Accumulator>> = nameTable({
  $sum: sum,
  $avg: average,
  $min: () => extreme(-1),
  $max: () => extreme(1),
  $first: first,
  $last: last,
  $push: push,
  $addToSet: addToSet,
  $mergeObjects: mergeObjects,
  $stdDevPop: () => deviation(false),
  $stdDevSamp: () => deviation(true),
});
