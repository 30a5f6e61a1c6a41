import { z } from 'zod';
import type { Json } from './json-difference.ts';

/**
 * The filter of a shape: a MongoDB query in Extended JSON. The operators are those whose result depends on nothing but the
 * document, takes time in proportion to it, and is the same in every MongoDB. The engine evaluates the filter itself, on changes
 * and on scans, so what is not listed here is refused and never approximated.
 */
export type ShapeFilter = Readonly<Record<string, unknown>>;

/** A filter in canonical Extended JSON, which names the BSON type of every value. */
export interface StoredFilter {
  readonly [name: string]: Json;
}

const joining = ['$and', '$or', '$nor'] as const;
const comparing = ['$eq', '$ne', '$gt', '$gte', '$lt', '$lte'] as const;
const listing = ['$in', '$nin', '$all'] as const;
const testing = ['$exists', '$type', '$size', '$mod'] as const;
const bits = ['$bitsAllSet', '$bitsAnySet', '$bitsAllClear', '$bitsAnyClear'] as const;
const nesting = ['$not', '$elemMatch'] as const;

/** Every operator that a filter may use. */
export const filterOperators: readonly string[] = [
  ...joining,
  ...comparing,
  ...listing,
  ...testing,
  ...nesting,
  ...bits,
];

/** What Extended JSON writes around a value whose BSON type JSON does not have. Regular expressions are left out on purpose. */
const typeWrappers: ReadonlySet<string> = new Set([
  '$oid',
  '$date',
  '$numberInt',
  '$numberLong',
  '$numberDouble',
  '$numberDecimal',
  '$binary',
  '$uuid',
  '$timestamp',
  '$minKey',
  '$maxKey',
]);

/** The readers of Extended JSON take any text for these, and make NaN or an invalid date of it. */
const writtenAs: Readonly<Record<string, (text: string) => boolean>> = {
  $numberInt: (text) => /^-?\d+$/.test(text),
  $numberLong: (text) => /^-?\d+$/.test(text),
  $numberDouble: (text) => text === 'NaN' || (text.trim() !== '' && !Number.isNaN(Number(text))),
  $date: (text) => !Number.isNaN(Date.parse(text)),
};

const filterCharsMax = 16_384;
const depthMax = 20;

const joiningNames: ReadonlySet<string> = new Set(joining);
const listingNames: ReadonlySet<string> = new Set(listing);
const plainOperators: ReadonlySet<string> = new Set([...comparing, ...testing, ...bits]);
const allowedWords = `A filter may use ${filterOperators.join(', ')}.`;

/** Why a filter is refused; null if it is none of the engine's own reasons. */
export function filterProblem(filter: unknown): string | null {
  if (!isObject(filter)) return 'A filter is a JSON object, for example { "status": "open" }.';
  if (Object.keys(filter).length === 0) return 'An empty filter matches every document: leave it out instead.';
  if (JSON.stringify(filter).length > filterCharsMax)
    return `A filter can have at most ${filterCharsMax} characters of JSON.`;
  return queryProblem(filter, 0);
}

function isObject(value: unknown): value is ShapeFilter {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function firstProblem<Item>(items: readonly Item[], problemOf: (item: Item) => string | null): string | null {
  for (const item of items) {
    const problem = problemOf(item);
    if (problem !== null) return problem;
  }
  return null;
}

/** A document of conditions by field. */
function queryProblem(query: unknown, depth: number): string | null {
  if (!isObject(query)) return 'Each part of $and, $or and $nor must be an object.';
  if (depth > depthMax) return `A filter can be nested ${depthMax} levels deep.`;
  return firstProblem(Object.entries(query), ([name, operand]) => {
    if (joiningNames.has(name)) return branchesProblem(name, operand, depth + 1);
    if (name === '__proto__') return 'A field of the name __proto__ cannot be filtered on.';
    return name.startsWith('$') ? refused(name) : conditionProblem(operand, depth + 1);
  });
}

function refused(name: string): string {
  return `${name} cannot be used here. ${allowedWords}`;
}

function branchesProblem(name: string, operand: unknown, depth: number): string | null {
  if (!Array.isArray(operand) || operand.length === 0) return `${name} needs a list of conditions.`;
  return firstProblem(operand, (branch) => queryProblem(branch, depth));
}

/** What stands at a field: a value to equal, or operators. */
function conditionProblem(condition: unknown, depth: number): string | null {
  if (!isOperators(condition)) return valueProblem(condition, depth);
  if (depth > depthMax) return `A filter can be nested ${depthMax} levels deep.`;
  return firstProblem(Object.entries(condition), ([name, operand]) => operatorProblem(name, operand, depth + 1));
}

/** `{ "$gt": 1 }`, but not `{ "$date": … }`, which is a value. */
function isOperators(condition: unknown): condition is ShapeFilter {
  if (!isObject(condition)) return false;
  const [name] = Object.keys(condition);
  return name?.startsWith('$') === true && !typeWrappers.has(name);
}

function operatorProblem(name: string, operand: unknown, depth: number): string | null {
  if (plainOperators.has(name)) return valueProblem(operand, depth);
  if (listingNames.has(name)) return listProblem(name, operand, depth);
  if (name === '$elemMatch') return elementProblem(operand, depth);
  if (name !== '$not') return refused(name);
  return isOperators(operand) ? conditionProblem(operand, depth) : '$not needs an object with operators.';
}

function listProblem(name: string, operand: unknown, depth: number): string | null {
  if (!Array.isArray(operand)) return `${name} needs a list of values.`;
  return firstProblem(operand, (item) =>
    name === '$all' && isOperators(item) ? conditionProblem(item, depth) : valueProblem(item, depth),
  );
}

function elementProblem(operand: unknown, depth: number): string | null {
  if (!isObject(operand)) return '$elemMatch needs an object.';
  const [name = ''] = Object.keys(operand);
  return isOperators(operand) && !joiningNames.has(name)
    ? conditionProblem(operand, depth)
    : queryProblem(operand, depth);
}

function valueProblem(value: unknown, depth: number): string | null {
  if (depth > depthMax) return `A filter can be nested ${depthMax} levels deep.`;
  if (Array.isArray(value)) return firstProblem(value, (item) => valueProblem(item, depth + 1));
  if (!isObject(value)) return null;
  const names = Object.keys(value);
  if (names.some((name) => typeWrappers.has(name))) return wrapperProblem(value);
  const stranger = names.find((name) => name.startsWith('$') || name === '__proto__');
  if (stranger !== undefined) return refused(stranger);
  return firstProblem(Object.values(value), (item) => valueProblem(item, depth + 1));
}

function wrapperProblem(value: ShapeFilter): string | null {
  return firstProblem(Object.entries(value), ([name, text]) => {
    const isWritten = writtenAs[name];
    if (isWritten === undefined || typeof text !== 'string' || isWritten(text)) return null;
    return `${JSON.stringify(value)} is no value of Extended JSON.`;
  });
}

/**
 * Why an operator's Extended JSON cannot be read as it is meant; null if it can. The readers take any text for a date or a number,
 * and a key named `__proto__` would be lost on the way, which would leave out a condition.
 */
export function extendedJsonProblem(value: unknown, depth = 0): string | null {
  if (depth > depthMax) return `Extended JSON can be nested ${depthMax} levels deep here.`;
  if (Array.isArray(value)) return firstProblem(value, (item) => extendedJsonProblem(item, depth + 1));
  if (!isObject(value)) return null;
  if (Object.hasOwn(value, '__proto__')) return 'A field of the name __proto__ cannot be queried.';
  const problem = Object.keys(value).some((name) => typeWrappers.has(name)) ? wrapperProblem(value) : null;
  return problem ?? firstProblem(Object.values(value), (item) => extendedJsonProblem(item, depth + 1));
}

/** A filter that was checked when its entity was created. */
export const storedFilterSchema = z.custom<StoredFilter>((value) => isObject(value)).meta({ type: 'object' });

/**
 * Not a `z.record`, which leaves out a key named `__proto__`: a filter with a condition less would copy documents that it was
 * meant to keep out.
 */
export const filterSchema = z
  .custom<ShapeFilter>((value) => isObject(value), 'A filter is a JSON object, for example { "status": "open" }.')
  .superRefine((filter, context) => {
    const problem = filterProblem(filter);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  })
  .meta({ type: 'object', description: 'A MongoDB query in Extended JSON; only matching documents are copied.' });
