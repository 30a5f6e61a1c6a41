/**
 * The part of JSON Schema (draft 2019-09) that the schemas of the unified test format are written in. A keyword outside
 * this part is an error of its own, so that a newer schema is never checked by half.
 */
import { isDeepStrictEqual } from 'node:util';

type JsonObject = Readonly<Record<string, unknown>>;

interface Position {
  readonly root: JsonObject;
  readonly path: string;
}

interface Check {
  readonly argument: unknown;
  readonly value: unknown;
  readonly schema: JsonObject;
  readonly at: Position;
}

/** The first place where `value` breaks `schema`, as a sentence, or null where it keeps to it. */
export function schemaViolation(schema: JsonObject, value: unknown): string | null {
  return violationOf(schema, value, { root: schema, path: '$' });
}

function violationOf(schema: JsonObject, value: unknown, at: Position): string | null {
  for (const [keyword, argument] of Object.entries(schema)) {
    if (ANNOTATIONS.has(keyword)) continue;
    const check = KEYWORDS[keyword];
    if (check === undefined) throw new Error(`the schema uses ${keyword}, which the validator does not know`);
    const violation = check({ argument, value, schema, at });
    if (violation !== null) return violation;
  }
  return null;
}

const ANNOTATIONS = new Set([
  '$schema',
  '$id',
  'title',
  'description',
  'deprecated',
  'definitions',
  '$defs',
  'default',
]);

const KEYWORDS: Readonly<Record<string, (check: Check) => string | null>> = {
  $ref: ({ argument, value, at }) => violationOf(referenced(String(argument), at.root), value, at),
  type: ({ argument, value, at }) => {
    const types = [argument].flat().map(String);
    return unless(
      types.some((name) => isOfType(value, name)),
      at,
      `is not of type ${types.join(' or ')}`,
    );
  },
  const: ({ argument, value, at }) => unless(isDeepStrictEqual(argument, value), at, `is not ${String(argument)}`),
  enum: ({ argument, value, at }) =>
    unless(
      (argument as unknown[]).some((allowed) => isDeepStrictEqual(allowed, value)),
      at,
      'is none of the allowed values',
    ),
  pattern: ({ argument, value, at }) =>
    unless(typeof value !== 'string' || new RegExp(String(argument), 'u').test(value), at, `is not ${argument}`),
  required: ({ argument, value, at }) => {
    const missing = isObject(value) ? (argument as string[]).find((name) => !(name in value)) : undefined;
    return unless(missing === undefined, at, `lacks ${missing}`);
  },
  minProperties: ({ argument, value, at }) =>
    unless(!isObject(value) || Object.keys(value).length >= Number(argument), at, `has fewer than ${argument} keys`),
  maxProperties: ({ argument, value, at }) =>
    unless(!isObject(value) || Object.keys(value).length <= Number(argument), at, `has more than ${argument} keys`),
  minItems: ({ argument, value, at }) =>
    unless(!Array.isArray(value) || value.length >= Number(argument), at, `has fewer than ${argument} items`),
  items: ({ argument, value, at }) =>
    Array.isArray(value)
      ? firstViolation(value.entries(), (index, item) => violationOf(asSchema(argument), item, below(at, `[${index}]`)))
      : null,
  properties: ({ argument, value, at }) =>
    isObject(value)
      ? firstViolation(Object.entries(argument as JsonObject), (name, schema) =>
          name in value ? violationOf(asSchema(schema), value[name], below(at, `.${name}`)) : null,
        )
      : null,
  patternProperties: ({ argument, value, at }) =>
    isObject(value)
      ? firstViolation(Object.entries(argument as JsonObject), (pattern, schema) =>
          firstViolation(Object.entries(value), (name, entry) =>
            new RegExp(pattern, 'u').test(name) ? violationOf(asSchema(schema), entry, below(at, `.${name}`)) : null,
          ),
        )
      : null,
  additionalProperties: ({ argument, value, schema, at }) =>
    isObject(value)
      ? firstViolation(additionalEntries(value, schema), (name, entry) => {
          if (argument === false) return `${at.path} has the unknown key ${name}`;
          return argument === true ? null : violationOf(asSchema(argument), entry, below(at, `.${name}`));
        })
      : null,
  allOf: ({ argument, value, at }) =>
    firstViolation((argument as JsonObject[]).entries(), (_, part) => violationOf(part, value, at)),
  anyOf: ({ argument, value, at }) => unless(countOfFitting(argument, value, at) > 0, at, 'fits no alternative'),
  oneOf: ({ argument, value, at }) => unless(countOfFitting(argument, value, at) === 1, at, 'does not fit exactly one'),
  not: ({ argument, value, at }) =>
    unless(violationOf(asSchema(argument), value, at) !== null, at, 'combines keys that exclude each other'),
};

function unless(holds: boolean, at: Position, problem: string): string | null {
  return holds ? null : `${at.path} ${problem}`;
}

function firstViolation<K, V>(entries: Iterable<[K, V]>, check: (key: K, value: V) => string | null): string | null {
  for (const [key, value] of entries) {
    const violation = check(key, value);
    if (violation !== null) return violation;
  }
  return null;
}

function countOfFitting(alternatives: unknown, value: unknown, at: Position): number {
  return (alternatives as JsonObject[]).filter((each) => violationOf(each, value, at) === null).length;
}

function additionalEntries(value: JsonObject, schema: JsonObject): [string, unknown][] {
  const named = Object.keys(asSchema(schema['properties'] ?? {}));
  const patterns = Object.keys(asSchema(schema['patternProperties'] ?? {})).map((pattern) => new RegExp(pattern, 'u'));
  return Object.entries(value).filter(
    ([name]) => !named.includes(name) && !patterns.some((pattern) => pattern.test(name)),
  );
}

/** Follows a pointer into the same file, such as `#/definitions/entity`. */
function referenced(pointer: string, root: JsonObject): JsonObject {
  if (!pointer.startsWith('#/')) throw new Error(`the schema refers to another file: ${pointer}`);
  let target: unknown = root;
  for (const name of pointer.slice(2).split('/')) target = asSchema(target)[name];
  return asSchema(target);
}

function isOfType(value: unknown, name: string): boolean {
  switch (name) {
    case 'object':
      return isObject(value);
    case 'array':
      return Array.isArray(value);
    case 'null':
      return value === null;
    case 'integer':
      return Number.isInteger(value);
    default:
      return typeof value === name;
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function asSchema(value: unknown): JsonObject {
  if (!isObject(value)) throw new Error(`${JSON.stringify(value)} is not a schema`);
  return value;
}

function below(at: Position, step: string): Position {
  return { ...at, path: `${at.path}${step}` };
}
