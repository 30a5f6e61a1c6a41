import { bsonTypes } from '@emcachers/bson/bson-types';
import { nullValue, type RawValue, stringOf } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { numericOf, toInteger } from '../numeric.ts';
import { itemsOf } from '../raw-document.ts';
import { isTruthy } from '../truth.ts';
import { typeNameOf } from '../type-names.ts';
import { arrayOf, bind, type Environment, type Expression, scopeWith } from './expression.ts';
import { type Argument, isPresent, namedOperands, type OperatorTable, type OperatorUse } from './operator.ts';

interface Iteration {
  readonly input: Expression;
  readonly variable: string;
  readonly body: Expression;
}

function iteration(use: OperatorUse, bodyName: string, named: ReadonlyMap<string, RawValue>): Iteration {
  const [input, as, body] = [named.get('input'), named.get('as'), named.get(bodyName)];
  if (input === undefined || body === undefined)
    throw new MongoFailure(16880, `Missing 'input' parameter to ${use.name}`);
  const variable = as?.type === bsonTypes.string ? stringOf(as) : 'this';
  return { input: use.compile(input), variable, body: use.compile(body, scopeWith([variable], use.scope)) };
}

/** The items of the input, each with the environment for the body; null for a null input. */
function steps(
  { input, variable }: Iteration,
  environment: Environment,
  name: string,
): { item: RawValue; inner: Environment }[] | null {
  const array = input(environment);
  if (!isPresent(array)) return null;
  if (array.type !== bsonTypes.array)
    throw new MongoFailure(16883, `input to ${name} must be an array not ${typeNameOf(array)}`);
  return itemsOf(array).map((item) => ({
    item,
    inner: { root: environment.root, bindings: bind(environment.bindings, variable, item) },
  }));
}

function map(use: OperatorUse): Expression {
  const spec = iteration(use, 'in', namedOperands(use, { required: ['input', 'in'], optional: ['as'], code: 16878 }));
  return (environment) => {
    const all = steps(spec, environment, '$map');
    return all === null ? nullValue : arrayOf(all.map(({ inner }) => spec.body(inner) ?? nullValue));
  };
}

function filter(use: OperatorUse): Expression {
  const named = namedOperands(use, { required: ['input', 'cond'], optional: ['as', 'limit'], code: 28647 });
  const spec = iteration(use, 'cond', named);
  const limitSpec = named.get('limit');
  const limit = limitSpec === undefined ? undefined : use.compile(limitSpec);
  return (environment) => {
    const all = steps(spec, environment, '$filter');
    if (all === null) return nullValue;
    const most = limitOf(limit?.(environment));
    const kept = all.filter(({ inner }) => isTruthy(spec.body(inner))).map(({ item }) => item);
    return arrayOf(kept.slice(0, most));
  };
}

/** The most items that `$filter` keeps. */
function limitOf(value: Argument): number {
  const number = isPresent(value) ? numericOf(value) : undefined;
  if (number === undefined) return Number.POSITIVE_INFINITY;
  const limit = Number(toInteger(number) ?? 0n);
  if (limit < 1)
    throw new MongoFailure(327392, '$filter: limit must be represented as a 32-bit integral value greater than 0');
  return limit;
}

function reduce(use: OperatorUse): Expression {
  const named = namedOperands(use, { required: ['input', 'initialValue', 'in'], optional: [], code: 40075 });
  const [input, initial, body] = [named.get('input'), named.get('initialValue'), named.get('in')];
  if (input === undefined || initial === undefined || body === undefined)
    throw new MongoFailure(40077, "$reduce requires 'input' to be specified");
  const spec: Iteration = {
    input: use.compile(input),
    variable: 'this',
    body: use.compile(body, scopeWith(['this', 'value'], use.scope)),
  };
  const start = use.compile(initial);
  return (environment) => {
    const all = steps(spec, environment, '$reduce');
    if (all === null) return nullValue;
    let value = start(environment);
    for (const { inner } of all)
      value = spec.body({ root: inner.root, bindings: bind(inner.bindings, 'value', value) });
    return value;
  };
}

/** Operators that compute an expression for every item of an array. */
export const iterationOperators: OperatorTable = { $map: map, $filter: filter, $reduce: reduce };
