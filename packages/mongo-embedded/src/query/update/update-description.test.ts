import { documentValue, rawValue } from '@emcachers/bson/raw-value';
import { BSON } from 'bson';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { commandVariables } from '../variables.ts';
import { compileUpdate, type UpdateResult } from './update.ts';

type Steps = readonly (string | number)[];
type Container = Record<string, unknown> | unknown[];

const clusterTime = { seconds: 1, increment: 1 };

/** What a client does with an update description: set, remove and cut, each where its path says. */
function applyDescription(document: Container, description: BSON.Document): void {
  const ambiguous = description['disambiguatedPaths'] as Record<string, Steps>;
  const stepsOf = (path: string): Steps => ambiguous[path] ?? path.split('.');
  for (const { field, newSize } of description['truncatedArrays'] as { field: string; newSize: number }[]) {
    const array = stepsOf(field).reduce<unknown>(
      (inner, step) => (inner as Record<string, unknown>)[String(step)],
      document,
    );
    (array as unknown[]).length = newSize;
  }
  for (const path of description['removedFields'] as string[])
    change(document, stepsOf(path), (holder, name) => Reflect.deleteProperty(holder, name));
  for (const [path, value] of Object.entries(description['updatedFields'] as object))
    change(document, stepsOf(path), (holder, name) => put(holder, name, value));
}

function put(holder: Container, name: string, value: unknown): boolean {
  if (Array.isArray(holder)) while (holder.length < Number(name)) holder.push(null);
  return Reflect.set(holder, name, value);
}

function change(document: Container, steps: Steps, apply: (holder: Container, name: string) => boolean): void {
  const holder = steps
    .slice(0, -1)
    .reduce<unknown>((inner, step) => (inner as Record<string, unknown>)[String(step)], document);
  apply(holder as Container, String(steps.at(-1)));
}

/** The order of fields is not part of a description. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, item]) => [name, canonical(item)]),
  );
}

const name = fc.constantFrom('a', 'b', 'c', '0', '1', 'long');
const filler = 'x'.repeat(60);
const leaf = fc.constantFrom<unknown>(0, 1, 2, 'x', null, filler);
const content = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
})).value;
const stored = fc.dictionary(name, content, { maxKeys: 4 }).map((fields) => ({ ...fields, _id: 1, keep: filler }));
const path = fc
  .array(fc.oneof(name, fc.constantFrom('2', '3')), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.join('.'));
const operation = fc.oneof(
  fc.tuple(fc.constantFrom('$set', '$push', '$addToSet', '$pull', '$min', '$max'), path, content),
  fc.tuple(fc.constantFrom('$unset', '$inc', '$mul', '$pop'), path, fc.constant(1)),
  fc.tuple(fc.constant('$rename'), path, name),
  fc.tuple(fc.constant('$push'), path, fc.record({ $each: fc.array(leaf, { maxLength: 3 }), $position: fc.nat(3) })),
);
const operatorUpdate = fc
  .uniqueArray(operation, { minLength: 1, maxLength: 3, selector: ([operator]) => operator })
  .map((parts) => Object.fromEntries(parts.map(([operator, at, operand]) => [operator, { [at]: operand }])));
const pipelineUpdate = fc.array(
  fc.oneof(
    fc.tuple(path, content).map(([at, value]) => ({ $set: { [at]: { $literal: value } } })),
    path.map((at) => ({ $unset: at })),
    fc.tuple(name, content).map(([field, value]) => ({
      $replaceWith: { $setField: { field: `${field}.${field}`, input: '$$ROOT', value: { $literal: value } } },
    })),
  ),
  { minLength: 1, maxLength: 3 },
);

/** Undefined where the update is refused. */
function run(before: BSON.Document, update: object): UpdateResult | undefined {
  const spec = Array.isArray(update)
    ? rawValue(4, BSON.serialize({ ...update }))
    : documentValue(BSON.serialize(update));
  try {
    const compiled = compileUpdate({
      update: spec,
      variables: commandVariables({ nowMs: 0, clusterTime }),
      nowMs: 0,
      clusterTime,
    });
    return compiled.apply(BSON.serialize(before), -1);
  } catch (error) {
    if (error instanceof MongoFailure) return undefined;
    throw error;
  }
}

function isTrue(before: BSON.Document, update: object): void {
  const result = run(before, update);
  if (result === undefined || result.updateDescription === null) return;
  const replayed = BSON.deserialize(BSON.serialize(before));
  applyDescription(replayed, BSON.deserialize(result.updateDescription));
  expect(canonical(replayed)).toEqual(canonical(BSON.deserialize(result.document)));
}

describe('an update description', () => {
  test('makes the document after of the document before: operators', () => {
    fc.assert(fc.property(stored, operatorUpdate, isTrue), { numRuns: 3000 });
  });

  test('makes the document after of the document before: pipelines', () => {
    fc.assert(fc.property(stored, pipelineUpdate, isTrue), { numRuns: 3000 });
  });
});
