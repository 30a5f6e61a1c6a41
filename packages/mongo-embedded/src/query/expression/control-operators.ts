import { bsonTypes } from '@emcachers/bson/bson-types';
import { booleanValue, doubleValue, type RawValue } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { entriesOf, itemsOf } from '../raw-document.ts';
import { isTruthy } from '../truth.ts';
import { bind, type Expression, scopeWith } from './expression.ts';
import {
  isNullish,
  namedOperands,
  type OperatorTable,
  type OperatorUse,
  operandsOf,
  withArguments,
} from './operator.ts';

function condition(use: OperatorUse): Expression {
  const [test, then, otherwise] = use.operand.type === bsonTypes.object ? namedCondition(use) : operandsOf(use);
  if (test === undefined || then === undefined || otherwise === undefined) {
    throw new MongoFailure(16020, 'Expression $cond takes exactly 3 arguments.');
  }
  return (environment) => (isTruthy(test(environment)) ? then(environment) : otherwise(environment));
}

function namedCondition(use: OperatorUse): Expression[] {
  const named = namedOperands(use, { required: ['if', 'then', 'else'], optional: [], code: 17083 });
  return ['if', 'then', 'else'].flatMap((key) => {
    const spec = named.get(key);
    return spec === undefined ? [] : [use.compile(spec)];
  });
}

function ifNull(use: OperatorUse): Expression {
  const operands = operandsOf(use);
  if (operands.length < 2)
    throw new MongoFailure(1257300, `$ifNull needs at least two arguments, had: ${operands.length}`);
  return (environment) => {
    let last: RawValue | undefined;
    for (const operand of operands) {
      last = operand(environment);
      if (!isNullish(last)) return last;
    }
    return last;
  };
}

function switchOver(use: OperatorUse): Expression {
  const named = namedOperands(use, { required: ['branches'], optional: ['default'], code: 40067 });
  const list = named.get('branches');
  if (list?.type !== bsonTypes.array) throw new MongoFailure(40061, "$switch expected an array for 'branches'");
  const branches = itemsOf(list).map((branch) => {
    const parts = new Map(entriesOf(branch));
    const [test, then] = [parts.get('case'), parts.get('then')];
    if (test === undefined) throw new MongoFailure(40064, "$switch requires each branch have a 'case' expression");
    if (then === undefined) throw new MongoFailure(40065, "$switch requires each branch have a 'then' expression.");
    return { test: use.compile(test), result: use.compile(then) };
  });
  if (branches.length === 0) throw new MongoFailure(40068, '$switch requires at least one branch.');
  const fallback = named.get('default');
  const otherwise = fallback === undefined ? undefined : use.compile(fallback);
  return (environment) => {
    for (const branch of branches) if (isTruthy(branch.test(environment))) return branch.result(environment);
    if (otherwise === undefined)
      throw new MongoFailure(
        40066,
        '$switch could not find a matching branch for an input, and no default was specified.',
      );
    return otherwise(environment);
  };
}

function letIn(use: OperatorUse): Expression {
  const named = namedOperands(use, { required: ['vars', 'in'], optional: [], code: 16875 });
  const [vars, body] = [named.get('vars'), named.get('in')];
  if (vars === undefined || body === undefined) throw new MongoFailure(16876, "Missing 'vars' parameter to $let");
  if (vars.type !== bsonTypes.object) throw new MongoFailure(10065, `invalid parameter: expected an object (vars)`);
  const bound = entriesOf(vars).map(([name, spec]) => {
    if (!/^[a-z][A-Za-z0-9_]*$/.test(name) && name !== 'CURRENT')
      throw new MongoFailure(16867, `'${name}' starts with an invalid character for a user variable name`);
    return [name, use.compile(spec)] as const;
  });
  const inner = use.compile(
    body,
    scopeWith(
      bound.map(([name]) => name),
      use.scope,
    ),
  );
  return (environment) => {
    let bindings = environment.bindings;
    for (const [name, expression] of bound) bindings = bind(bindings, name, expression(environment));
    return inner({ root: environment.root, bindings });
  };
}

/** Logic, branches and variables. */
export const controlOperators: OperatorTable = {
  $literal:
    ({ operand }) =>
    () =>
      operand,
  $const:
    ({ operand }) =>
    () =>
      operand,
  $and: (use) => {
    const operands = operandsOf(use);
    return (environment) => booleanValue(operands.every((operand) => isTruthy(operand(environment))));
  },
  $or: (use) => {
    const operands = operandsOf(use);
    return (environment) => booleanValue(operands.some((operand) => isTruthy(operand(environment))));
  },
  $not: withArguments(1, ([value]) => booleanValue(!isTruthy(value))),
  $cond: condition,
  $ifNull: ifNull,
  $switch: switchOver,
  $let: letIn,
  $rand: () => () => doubleValue(Math.random()),
};
