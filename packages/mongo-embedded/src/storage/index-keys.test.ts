import { serialize } from 'bson';
import { expect, test } from 'vitest';
import { indexKeys, indexPath } from './index-keys.ts';

function keyCount(document: Readonly<Record<string, unknown>>, ...paths: string[]): number {
  return indexKeys(serialize(document), paths.map(indexPath)).length;
}

function sameKey(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>, path: string): boolean {
  const [left, right] = [a, b].map((document) => indexKeys(serialize(document), [indexPath(path)])[0]);
  return left !== undefined && right !== undefined && left.equals(right);
}

// Source: manual, "Multikey Indexes" and "Unique Indexes".
test('a document has one key for each item of an array, equal items once', () => {
  expect(keyCount({ a: 5 }, 'a')).toBe(1);
  expect(keyCount({ a: [1, 2, 2, 1.0] }, 'a')).toBe(2);
  expect(keyCount({ a: [{ b: 1 }, { b: [2, 3] }] }, 'a.b')).toBe(3);
  expect(keyCount({ a: [1, 2], b: 3 }, 'a', 'b')).toBe(2);
});

test('a missing path counts as null, also in an item of an array', () => {
  expect(sameKey({}, { a: null }, 'a')).toBe(true);
  expect(sameKey({ a: 1 }, { a: null }, 'a')).toBe(false);
  expect(keyCount({ a: [{ b: 1 }, {}, 5] }, 'a.b')).toBe(2);
});

test('a sparse index has no key of a document without any of its paths', () => {
  const sparse = (document: Readonly<Record<string, unknown>>): number =>
    indexKeys(serialize(document), [indexPath('a.b'), indexPath('c')], true).length;
  expect(sparse({ a: {} })).toBe(0);
  expect(sparse({ a: { b: null } })).toBe(1);
  expect(sparse({ c: 1 })).toBe(1);
});

test('a position in an array can be a part of a path', () => {
  expect(sameKey({ a: [7, 8] }, { a: { 1: 8 } }, 'a.1')).toBe(true);
});

test('two arrays in one compound index are refused, two paths through one array are not', () => {
  expect(() => keyCount({ a: [1], b: [2] }, 'a', 'b')).toThrow(/parallel arrays/);
  const pairs = {
    a: [
      { b: 1, c: 1 },
      { b: 2, c: 2 },
    ],
  };
  expect(keyCount(pairs, 'a.b', 'a.c')).toBe(2);
});
