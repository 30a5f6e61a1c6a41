import { bsonTypes } from '@emcachers/bson/bson-types';
import { nullValue, type RawValue, stringOf } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { entriesOf, itemsOf, nameBytes } from '../raw-document.ts';
import { refusedExpressions, refusedOperator } from '../refused-operators.ts';
import { arrayOf, type CompileScope, documentOf, type Environment, type Expression, valueAt } from './expression.ts';
import { operators } from './operators.ts';

/**
 * Compiles an aggregation expression: `"$a.b"` paths, `"$$variables"`, operators, documents and arrays of expressions,
 * and literals. Errors carry MongoDB's codes: 168 unknown operator, 15983 several operators, 17276 unknown variable.
 * Source: `Expression::parseOperand` in `src/mongo/db/pipeline/expression.cpp` of mongodb/mongo.
 */
export function compileExpression(spec: RawValue, scope: CompileScope): Expression {
  if (spec.type === bsonTypes.string) return compileString(spec, scope);
  if (spec.type === bsonTypes.object) return compileObject(spec, scope);
  if (spec.type === bsonTypes.array) return compileArray(spec, scope);
  return () => spec;
}

function compileString(spec: RawValue, scope: CompileScope): Expression {
  const text = stringOf(spec);
  if (!text.startsWith('$')) return () => spec;
  if (text.startsWith('$$')) return compileVariable(text.slice(2), scope);
  if (text === '$') throw new MongoFailure(16872, "'$' by itself is not a valid FieldPath");
  const names = pathNames(text.slice(1));
  return (environment) => valueAt(environment.root, names);
}

function pathNames(path: string): Uint8Array[] {
  if (path.endsWith('.')) throw new MongoFailure(40353, "FieldPath must not end with a '.'.");
  return path.split('.').map((name) => {
    if (name === '') throw new MongoFailure(15998, 'FieldPath field names may not be empty strings.');
    if (name.startsWith('$'))
      throw new MongoFailure(
        16410,
        `FieldPath field names may not start with '$'. Consider using $getField or $setField.`,
      );
    return nameBytes(name);
  });
}

function compileVariable(text: string, scope: CompileScope): Expression {
  const [name = '', ...rest] = text.split('.');
  const names = rest.length === 0 ? [] : pathNames(rest.join('.'));
  if (name === 'ROOT') return (environment) => valueAt(environment.root, names);
  if (name === 'CURRENT') return (environment) => valueAt(lookUp(environment, 'CURRENT') ?? environment.root, names);
  if (!scope.variables.has(name)) throw new MongoFailure(17276, `Use of undefined variable: ${name}`);
  return (environment) => {
    const value = lookUp(environment, name);
    return value === undefined ? undefined : valueAt(value, names);
  };
}

function lookUp(environment: Environment, name: string): RawValue | undefined {
  for (let binding = environment.bindings; binding !== null; binding = binding.outer) {
    if (binding.name === name) return binding.value;
  }
  return undefined;
}

function compileArray(spec: RawValue, scope: CompileScope): Expression {
  const items = itemsOf(spec).map((item) => compileExpression(item, scope));
  return (environment) => arrayOf(items.map((item) => item(environment) ?? nullValue));
}

function compileObject(spec: RawValue, scope: CompileScope): Expression {
  const entries = entriesOf(spec);
  const [first] = entries;
  if (first?.[0].startsWith('$') === true) return compileOperator(entries, scope);
  const fields = entries.map(([name, value]) => {
    if (name.includes('.'))
      throw new MongoFailure(
        16405,
        `FieldPath field names may not contain '.'. Consider using $getField or $setField.`,
      );
    if (name.startsWith('$')) throw new MongoFailure(15983, manyOperators);
    return [name, compileExpression(value, scope)] as const;
  });
  return (environment) =>
    documentOf(
      fields.flatMap(([name, expression]) => {
        const value = expression(environment);
        return value === undefined ? [] : [[name, value] as const];
      }),
    );
}

const manyOperators = 'an object representing an expression must have exactly one field';

function compileOperator(entries: readonly [string, RawValue][], scope: CompileScope): Expression {
  const [first] = entries;
  if (first === undefined || entries.length !== 1) throw new MongoFailure(15983, manyOperators);
  const [name, operand] = first;
  const operator = operators[name];
  if (operator === undefined) throw unrecognizedExpression(name);
  return operator({ name, operand, scope, compile: (value, inner) => compileExpression(value, inner ?? scope) });
}

function unrecognizedExpression(name: string): MongoFailure {
  if (refusedExpressions.has(name)) return refusedOperator(name);
  return new MongoFailure('InvalidPipelineOperator', `Unrecognized expression '${name}'`);
}
