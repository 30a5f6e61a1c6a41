import { bsonTypes } from '@emcachers/bson/bson-types';
import { documentValue, type RawValue } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../../bson/bson-writer.ts';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { compileExpression } from '../expression/compile-expression.ts';
import { arrayOf, type CompileScope, type Environment, type Expression, scopeWith } from '../expression/expression.ts';
import { entriesOf, itemsOf, walkOf } from '../raw-document.ts';
import type { Variables } from '../variables.ts';
import type { DocumentTransform } from './document-transform.ts';

type Field = Expression | Fields;
type Fields = Map<string, Field>;

/**
 * `$addFields` and `$set`: existing fields keep their position, new ones are appended, arrays on the path are
 * traversed.
 */
export function compileAddFields(name: string, operand: RawValue, variables: Variables): DocumentTransform {
  if (operand.type !== bsonTypes.object)
    throw new MongoFailure(40272, `${name} specification stage must be an object, got ${operand.type}`);
  const fields: Fields = new Map();
  const target: Target = { fields, scope: scopeWith(variables.names) };
  for (const [path, value] of entriesOf(operand)) {
    checkPath(path);
    addField(target, path.split('.'), value);
  }
  return (document) => {
    const root = documentValue(document);
    const writer = new BsonWriter(document.length + 64);
    writeFields(writer, root, { fields, environment: { root, bindings: variables.bindings } });
    return writer.finish();
  };
}

interface Target {
  readonly fields: Fields;
  readonly scope: CompileScope;
}

/** Adds an expression, or the expressions of a nested specification. */
function addField(target: Target, path: readonly string[], value: RawValue): void {
  const inner = value.type === bsonTypes.object ? entriesOf(value) : [];
  if (inner[0] === undefined || inner[0][0].startsWith('$')) {
    place(target.fields, path, compileExpression(value, target.scope));
    return;
  }
  for (const [key, item] of inner) addField(target, [...path, ...key.split('.')], item);
}

function checkPath(path: string): void {
  if (path.split('.').includes('')) throw new MongoFailure(40352, 'FieldPath cannot be constructed with empty string');
  if (path.startsWith('$'))
    throw new MongoFailure(
      16410,
      `FieldPath field names may not start with '$'. Consider using $getField or $setField.`,
    );
}

function place(fields: Fields, path: readonly string[], expression: Expression): void {
  const [name = '', ...rest] = path;
  const existing = fields.get(name);
  if (rest.length === 0) {
    if (existing instanceof Map)
      throw new MongoFailure(
        40176,
        `specification contains two conflicting paths. Cannot specify both '${path.join('.')}' and a path below it`,
      );
    fields.set(name, expression);
    return;
  }
  if (existing !== undefined && !(existing instanceof Map))
    throw new MongoFailure(40176, `specification contains two conflicting paths at '${path.join('.')}'`);
  const inner: Fields = existing ?? new Map();
  fields.set(name, inner);
  place(inner, rest, expression);
}

interface Level {
  readonly fields: Fields;
  readonly environment: Environment;
}

function writeFields(writer: BsonWriter, document: RawValue, level: Level): void {
  const walker = walkOf(document);
  const seen = new Set<string>();
  while (walker.next()) {
    const name = walker.name;
    const field = level.fields.get(name);
    if (field === undefined) writer.splice(walker.element);
    else writeField(writer, name, { field, level, current: walker.value });
    seen.add(name);
  }
  for (const [name, field] of level.fields)
    if (!seen.has(name)) writeField(writer, name, { field, level, current: undefined });
}

interface FieldWrite {
  readonly field: Field;
  readonly level: Level;
  readonly current: RawValue | undefined;
}

function writeField(writer: BsonWriter, name: string, { field, level, current }: FieldWrite): void {
  const value =
    field instanceof Map
      ? nested(current, { fields: field, environment: level.environment })
      : field(level.environment);
  if (value !== undefined) writer.value(name, value.type, value.span());
}

function nested(current: RawValue | undefined, level: Level): RawValue {
  if (current?.type === bsonTypes.array) return arrayOf(itemsOf(current).map((item) => nested(item, level)));
  const writer = new BsonWriter();
  writeFields(writer, current?.type === bsonTypes.object ? current : documentValue(new BsonWriter().finish()), level);
  return documentValue(writer.finish());
}
