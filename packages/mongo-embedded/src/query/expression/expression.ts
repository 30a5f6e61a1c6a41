import { bsonTypes } from '@emcachers/bson/bson-types';
import { arrayValue, documentValue, type RawValue } from '@emcachers/bson/raw-value';
import { BsonWriter } from '../../bson/bson-writer.ts';
import { fieldOf, walkOf } from '../raw-document.ts';

/** The input of an expression: the document and the bound variables. */
export interface Environment {
  readonly root: RawValue;
  readonly bindings: Binding | null;
}

/** One bound variable and its enclosing scope. */
export interface Binding {
  readonly name: string;
  readonly value: RawValue | undefined;
  readonly outer: Binding | null;
}

/** A compiled expression; `undefined` is MongoDB's "missing". */
export type Expression = (environment: Environment) => RawValue | undefined;

/** The variable names in scope when an expression is compiled. */
export interface CompileScope {
  readonly variables: ReadonlySet<string>;
}

/** The variables available to every expression besides ROOT and CURRENT. */
export const systemVariables = ['NOW', 'CLUSTER_TIME', 'REMOVE', 'DESCEND', 'PRUNE', 'KEEP', 'USER_ROLES'];

/** Scope with the variables of a command's `let`. */
export function scopeWith(names: readonly string[], outer?: CompileScope): CompileScope {
  return { variables: new Set([...(outer?.variables ?? systemVariables), ...names]) };
}

export function bind(outer: Binding | null, name: string, value: RawValue | undefined): Binding {
  return { name, value, outer };
}

/** The value at a path; an array on the path yields the array of its documents' values. */
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
  const walker = walkOf(array);
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
