import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { applyDifference, type Difference, differenceOf, type Json } from './json-difference.ts';

const json = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<Json>;

function applyOrSame(before: Json, difference: Difference | null): Json {
  return difference === null ? before : applyDifference(before, JSON.parse(JSON.stringify(difference)) as Difference);
}

describe('the difference of two JSON values', () => {
  test('applied to the first, after a transport as text, gives the second', () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        expect(JSON.stringify(applyOrSame(before, differenceOf(before, after)))).toBe(JSON.stringify(after));
      }),
    );
  });

  test('is null if they are equal', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(differenceOf(value, structuredClone<Json>(value))).toBeNull();
      }),
    );
  });

  test('names only the members that changed, and keeps the others as they are', () => {
    const same = { name: 'b', history: [1, 2] };
    const before = { at: '1', entities: [{ name: 'a', lag: 1, history: [1] }, same] };
    const after = { at: '2', entities: [{ name: 'a', lag: 2, history: [1] }, structuredClone(same)] };
    const difference = differenceOf(before, after);
    expect(difference).toEqual({ at: { at: { set: '2' }, entities: { at: { 0: { at: { lag: { set: 2 } } } } } } });
    expect(difference === null ? null : applyDifference(before, difference).entities[1]).toBe(same);
  });

  test('replaces what has other members: a list that grew, a key that came or went', () => {
    expect(differenceOf([1], [1, 2])).toEqual({ set: [1, 2] });
    expect(differenceOf({ a: 1 }, { b: 1 })).toEqual({ set: { b: 1 } });
  });

  test('is refused by a value that it was not taken from', () => {
    expect(() => applyDifference<Json>({ a: 1 }, { at: { b: { at: { c: { set: 1 } } } } })).toThrow('another value');
    expect(() => applyDifference<Json>([], { at: { 3: { at: {} } } })).toThrow('another value');
  });
});
