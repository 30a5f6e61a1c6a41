import { BsonWriter } from '../../bson/bson-writer.ts';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { ElementWalker, entriesOf, fieldOf, itemsOf, nameBytes } from '../raw-document.ts';
import { arrayValue, bsonTypes, documentValue, nullValue, type RawValue, stringOf } from '../raw-value.ts';
import { operators } from './operators.ts';

/** What an expression is computed over: the document, and the variables that are bound around it. */
export interface Environment {
  readonly root: RawValue;
  readonly bindings: Binding | null;
}

/** One bound variable and those bound outside of it. */
export interface Binding {
  readonly name: string;
  readonly value: RawValue | undefined;
  readonly outer: Binding | null;
}

/** A compiled expression; `undefined` is MongoDB's "missing". */
export type Expression = (environment: Environment) => RawValue | undefined;

/** Names that expressions may use at the place where one is compiled. */
export interface CompileScope {
  readonly variables: ReadonlySet<string>;
}

/** The variables every expression knows besides ROOT and CURRENT. */
export const systemVariables = ['NOW', 'CLUSTER_TIME', 'REMOVE', 'DESCEND', 'PRUNE', 'KEEP', 'USER_ROLES'];

/** Scope with the variables of a command's `let`. */
export function scopeWith(names: readonly string[], outer?: CompileScope): CompileScope {
  return { variables: new Set([...(outer?.variables ?? systemVariables), ...names]) };
}

export function bind(outer: Binding | null, name: string, value: RawValue | undefined): Binding {
  return { name, value, outer };
}

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

/** The value at a path: an array on the way gives the array of what its documents have there. */
export function valueAt(value: RawValue, names: readonly Uint8Array[], depth = 0): RawValue | undefined {
  if (depth === names.length) return value;
  if (value.type === bsonTypes.object) {
    const field = fieldOf(value, names[depth] as Uint8Array);
    return field === undefined ? undefined : valueAt(field, names, depth + 1);
  }
  return value.type === bsonTypes.array ? arrayOf(mapped(value, names, depth)) : undefined;
}

function mapped(array: RawValue, names: readonly Uint8Array[], depth: number): RawValue[] {
  const found: RawValue[] = [];
  const walker = ElementWalker.over(array);
  while (walker.next()) {
    if (walker.type !== bsonTypes.object && walker.type !== bsonTypes.array) continue;
    const value = valueAt(walker.value, names, depth);
    if (value !== undefined) found.push(value);
  }
  return found;
}

/** An array of the given items. */
export function arrayOf(items: readonly RawValue[]): RawValue {
  const writer = new BsonWriter(items.reduce((bytes, item) => bytes + item.end - item.start + 8, 16));
  for (const [index, item] of items.entries()) writer.value(String(index), item.type, item.span());
  return arrayValue(writer.finish());
}

/** A document of the given fields. */
export function documentOf(fields: readonly (readonly [name: string, value: RawValue])[]): RawValue {
  const writer = new BsonWriter();
  for (const [name, value] of fields) writer.value(name, value.type, value.span());
  return documentValue(writer.finish());
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
  const operator = operators()[name];
  if (operator === undefined) throw new MongoFailure('InvalidPipelineOperator', `Unrecognized expression '${name}'`);
  return operator({ name, operand, scope, compile: (value, inner) => compileExpression(value, inner ?? scope) });
}
