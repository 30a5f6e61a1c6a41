import { bsonTypes } from '@emcachers/bson/bson-types';
import type { CommandBody } from '../bson/command-body.ts';
import { typeName } from '../bson/element-value.ts';
import { checkFieldType } from '../bson/field-type.ts';
import type { RawElement } from '../bson/raw-element.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { collectionCommands, commandFieldRules, type FieldTable, genericFieldRules } from './command-fields.ts';

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
  if (collectionCommands.has(name)) checkCollectionField(body);
  const rules = ruleIn(commandFieldRules, name);
  for (const field of body.arguments()) checkField(body, field, rules);
}

/** The command's first field, which has the command's name, must be a collection's name. */
function checkCollectionField(body: CommandBody): void {
  const type = body.rawElement(body.name)?.type ?? 0;
  if (type !== bsonTypes.string)
    throw new MongoFailure('InvalidNamespace', `collection name has invalid type ${typeName(type)}`);
}

/** A command without rules of its own accepts any field. */
function checkField(body: CommandBody, field: string, rules: FieldTable | undefined): void {
  const rule = ruleIn(genericFieldRules, field) ?? ruleIn(rules, field);
  if (rule === undefined) {
    if (rules === undefined) return;
    throw unknownField(body.name, field);
  }
  const element = body.rawElement(field);
  // A document sequence has no element; only an array may come as one.
  if (element === undefined) return;
  checkFieldType(element, rule.type, `${body.name}.${field}`);
  if (rule.kind === 'refused' && !isOff(element))
    throw new MongoFailure('CommandNotSupported', `option '${field}' of ${body.name} is not supported by this server`);
}

/** The entry of that name; names of `Object.prototype` are not entries. Undefined without a table. */
function ruleIn<Rule>(table: Readonly<Record<string, Rule>> | undefined, name: string): Rule | undefined {
  return table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined;
}
