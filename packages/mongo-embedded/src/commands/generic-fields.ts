import { bsonTypes } from '@emcachers/bson/bson-types';
import type { CommandBody } from '../bson/command-body.ts';
import { checkFieldType } from '../bson/field-type.ts';
import type { RawElement } from '../bson/raw-element.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { commandFieldRules, genericFieldRules } from './command-fields.ts';

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
  const rules = Object.hasOwn(commandFieldRules, name) ? commandFieldRules[name] : undefined;
  for (const field of body.keys().slice(1)) {
    const rule =
      (Object.hasOwn(genericFieldRules, field) ? genericFieldRules[field] : undefined) ?? ownRule(rules, field);
    if (rule === undefined) {
      if (rules === undefined) continue;
      throw unknownField(body.name, field);
    }
    const element = body.rawElement(field);
    // A document sequence has no element; only an array may come as one.
    if (element === undefined) continue;
    checkFieldType(element, rule.type, `${body.name}.${field}`);
    if (rule.kind === 'refused' && !isOff(element))
      throw new MongoFailure(
        'CommandNotSupported',
        `option '${field}' of ${body.name} is not supported by this server`,
      );
  }
}

function ownRule(
  rules: (typeof commandFieldRules)[string] | undefined,
  field: string,
): (typeof genericFieldRules)[string] | undefined {
  return rules !== undefined && Object.hasOwn(rules, field) ? rules[field] : undefined;
}
