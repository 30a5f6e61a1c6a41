import { bsonTypes } from '@emcachers/bson/bson-types';
import { documentValue, int32Value, nullValue, type RawValue } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { compileExpression } from '../expression/compile-expression.ts';
import { documentOf, type Environment, type Expression, scopeWith } from '../expression/expression.ts';
import { orderKey } from '../order-key.ts';
import { entriesOf } from '../raw-document.ts';
import { refusedAccumulators, refusedOperator } from '../refused-operators.ts';
import type { Variables } from '../variables.ts';
import { type Accumulator, accumulators } from './accumulators.ts';
import { drain } from './paced.ts';
import type { Documents, Stage } from './stage.ts';

interface GroupField {
  readonly name: string;
  readonly make: () => Accumulator;
  readonly expression: Expression;
}

/** `$group`: one document for every value of `_id`, in the order in which they first appear. */
export function compileGroup(operand: RawValue, variables: Variables): Stage {
  if (operand.type !== bsonTypes.object)
    throw new MongoFailure(15947, "a group's fields must be specified in an object");
  const scope = scopeWith(variables.names);
  const entries = entriesOf(operand);
  const idSpec = entries.find(([name]) => name === '_id')?.[1];
  if (idSpec === undefined) throw new MongoFailure(15955, 'a group specification must include an _id');
  const id = compileExpression(idSpec, scope);
  const fields = entries.filter(([name]) => name !== '_id').map(([name, spec]) => groupField(name, spec, variables));
  return function* group(source) {
    const groups = new Groups(fields);
    yield* drain(source, (document) => {
      const environment = { root: documentValue(document), bindings: variables.bindings };
      groups.add(id(environment) ?? nullValue, environment);
    });
    yield* groups.documents();
  };
}

interface Group {
  readonly id: RawValue;
  /** One for each field. */
  readonly values: readonly Accumulator[];
}

/** The groups so far, in the order in which they first appeared. */
class Groups {
  readonly #fields: readonly GroupField[];
  readonly #groups = new Map<string, Group>();

  constructor(fields: readonly GroupField[]) {
    this.#fields = fields;
  }

  /** Adds a document's values to the group of that id. */
  add(id: RawValue, environment: Environment): void {
    const { values } = this.#groupOf(id);
    for (const [index, field] of this.#fields.entries()) values[index]?.add(field.expression(environment));
  }

  #groupOf(id: RawValue): Group {
    const key = orderKey(id).toString('latin1');
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const group = { id, values: this.#fields.map((field) => field.make()) };
    this.#groups.set(key, group);
    return group;
  }

  *documents(): Documents {
    for (const { id, values } of this.#groups.values()) {
      const results = this.#fields.map((field, index) => [field.name, values[index]?.result() ?? nullValue] as const);
      yield documentOf([['_id', id], ...results]).span();
    }
  }
}

function groupField(name: string, spec: RawValue, variables: Variables): GroupField {
  if (name.includes('.')) throw new MongoFailure(40235, `The field name '${name}' cannot contain '.'`);
  if (name.startsWith('$')) throw new MongoFailure(40236, `The field name '${name}' cannot be an operator name`);
  const entries = spec.type === bsonTypes.object ? entriesOf(spec) : [];
  const [entry, ...more] = entries;
  if (entry === undefined) throw new MongoFailure(40234, `The field '${name}' must be an accumulator object`);
  if (more.length > 0) throw new MongoFailure(40238, `The field '${name}' must specify one accumulator`);
  const [operator, operand] = entry;
  if (operator === '$count')
    return { name, make: accumulators['$sum'] ?? unknownOperator(operator), expression: () => int32Value(1) };
  return {
    name,
    make: accumulators[operator] ?? unknownOperator(operator),
    expression: compileExpression(operand, scopeWith(variables.names)),
  };
}

function unknownOperator(operator: string): never {
  if (refusedAccumulators.has(operator)) throw refusedOperator(operator);
  throw new MongoFailure(15952, `unknown group operator '${operator}'`);
}
