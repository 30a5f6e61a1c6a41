import { serialize } from 'bson';
import { expect, test } from 'vitest';
import { indexKeys, indexPath, isMissing } from './index-keys.ts';

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

test('a missing path counts as null', () => {
  expect(sameKey({}, { a: null }, 'a')).toBe(true);
  expect(sameKey({ a: 1 }, { a: null }, 'a')).toBe(false);
  expect(isMissing(serialize({ a: null }), indexPath('a'))).toBe(false);
  expect(isMissing(serialize({ a: {} }), indexPath('a.b'))).toBe(true);
});

test('a position in an array can be a part of a path', () => {
  expect(sameKey({ a: [7, 8] }, { a: { 1: 8 } }, 'a.1')).toBe(true);
});

test('two arrays in one compound index are refused', () => {
  expect(() => keyCount({ a: [1], b: [2] }, 'a', 'b')).toThrow(/parallel arrays/);
});
