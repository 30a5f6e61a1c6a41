import { BSON } from 'bson';
import { describe, expect, test } from 'vitest';
import { compileProjection } from './projection.ts';

function project(spec: BSON.Document, document: BSON.Document, position = -1): string {
  return JSON.stringify(
    BSON.deserialize(compileProjection(BSON.serialize(spec)).apply(BSON.serialize(document), position)),
  );
}

function codeOf(spec: BSON.Document): number | undefined {
  try {
    compileProjection(BSON.serialize(spec));
  } catch (error) {
    return (error as { code: number }).code;
  }
  return undefined;
}

const document = { _id: 1, a: 1, b: { c: 2, d: 3 }, e: [{ f: 1, g: 2 }, { f: 3 }, 4], h: [1, 2, 3, 4] };

/** Manual pages "Project Fields to Return from Query", "$slice (projection)", "$elemMatch (projection)", "$ (projection)". */
const cases: readonly (readonly [title: string, spec: BSON.Document, result: BSON.Document])[] = [
  ['inclusion keeps _id and the order of the document', { h: 1, a: true }, { _id: 1, a: 1, h: [1, 2, 3, 4] }],
  ['inclusion without _id', { _id: 0, a: 1 }, { a: 1 }],
  ['exclusion', { b: 0, e: 0, h: 0 }, { _id: 1, a: 1 }],
  ['_id alone', { _id: 1 }, { _id: 1 }],
  ['dotted and nested paths are the same', { 'b.c': 1 }, { _id: 1, b: { c: 2 } }],
  ['a nested specification', { b: { d: 1 } }, { _id: 1, b: { d: 3 } }],
  ['inclusion enters arrays and drops what is no document', { 'e.f': 1 }, { _id: 1, e: [{ f: 1 }, { f: 3 }] }],
  [
    'exclusion enters arrays and keeps what is no document',
    { 'e.f': 0, h: 0, b: 0 },
    { _id: 1, a: 1, e: [{ g: 2 }, {}, 4] },
  ],
  ['$slice keeps all other fields', { h: { $slice: [1, 2] }, b: 0, e: 0 }, { _id: 1, a: 1, h: [2, 3] }],
  ['$slice from the end', { h: { $slice: -1 }, a: 1 }, { _id: 1, a: 1, h: [4] }],
  ['$elemMatch gives the first match', { e: { $elemMatch: { f: 3 } } }, { _id: 1, e: [{ f: 3 }] }],
  ['computed fields go to the end', { a: 1, sum: { $add: ['$a', '$b.c'] } }, { _id: 1, a: 1, sum: 3 }],
];

describe('projections', () => {
  for (const [title, spec, result] of cases) {
    test(title, () => expect(project(spec, document)).toBe(JSON.stringify(result)));
  }

  test('the positional operator gives the item that the filter found', () => {
    expect(project({ 'h.$': 1 }, document, 2)).toBe('{"_id":1,"h":[3]}');
  });

  test('inclusion and exclusion do not mix, and paths do not collide', () => {
    expect(codeOf({ a: 1, b: 0 })).toBe(31254);
    expect(codeOf({ a: 0, b: 1 })).toBe(31253);
    expect(codeOf({ b: 1, 'b.c': 1 })).toBe(31249);
    expect(codeOf({ 'b.c': 1, b: 1 })).toBe(31250);
    expect(codeOf({ a: { $unheardOf: 1 } })).toBe(31325);
  });
});
