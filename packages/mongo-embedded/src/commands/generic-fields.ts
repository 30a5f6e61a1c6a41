import { bsonTypes } from '@emcachers/bson/bson-types';
import type { CommandBody } from '../bson/command-body.ts';
import { typeName } from '../bson/element-value.ts';
import { checkFieldType } from '../bson/field-type.ts';
import type { RawElement } from '../bson/raw-element.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { collectionCommands, commandFieldRules, type FieldRule, genericFieldRules } from './command-fields.ts';

/** Fields that every command may carry. */
export const genericFields: ReadonlySet<string> = new Set(Object.keys(genericFieldRules));

/** Rejects unknown arguments with 40415. `path` is the document's name in the message. */
export function checkFields(body: CommandBody, known: ReadonlySet<string>, path: string): void {
  for (const name of body.keys()) if (!known.has(name)) throw unknownField(path, name);
}

function unknownField(path: string, name: string): MongoFailure {
  return new MongoFailure('IDLUnknownField', `BSON field '${path}.${name}' is an unknown field.`);
}

function isOff(element: RawElement): boolean {
  const { type, bytes } = element;
  if (type === bsonTypes.null || type === bsonTypes.undefined) return true;
  return type === bsonTypes.boolean && bytes[0] === 0;
}

/**
 * Checks a command's fields against the table of `command-fields.ts`: their types (14), fields that this server does
 * not support (115), and unknown fields (40415). `name` is the command's first name.
 */
export function checkCommandFields(body: CommandBody, name: string): void {
  const own = body.rawElement(body.name);
  if (collectionCommands.has(name) && own?.type !== bsonTypes.string)
    throw new MongoFailure('InvalidNamespace', `collection name has invalid type ${typeName(own?.type ?? 0)}`);
  const rules = ruleIn(commandFieldRules, name);
  for (const field of body.keys().slice(1)) {
    const rule = ruleIn(genericFieldRules, field) ?? (rules === undefined ? undefined : ruleIn(rules, field));
    const element = body.rawElement(field);
    if (rule === undefined && rules !== undefined) throw unknownField(body.name, field);
    // A document sequence has no element; only an array may come as one.
    if (rule !== undefined && element !== undefined) checkField(element, rule, { command: body.name, field });
  }
}

function checkField(
  element: RawElement,
  { kind, type }: FieldRule,
  { command, field }: { readonly command: string; readonly field: string },
): void {
  checkFieldType(element, type, `${command}.${field}`);
  if (kind === 'refused' && !isOff(element))
    throw new MongoFailure('CommandNotSupported', `option '${field}' of ${command} is not supported by this server`);
}

/** The entry of that name; names of `Object.prototype` are not entries. */
function ruleIn<Rule>(table: Readonly<Record<string, Rule>>, name: string): Rule | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
