import { BSON, Double, Int32, Long } from 'bson';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileSort } from './sort.ts';

function sorted(spec: BSON.Document, documents: readonly BSON.Document[]): unknown[] {
  const sort = compileSort(BSON.serialize(spec));
  return documents
    .map((document) => BSON.serialize(document))
    .sort((left, right) => sort.compare(left, right))
    .map((document) => BSON.deserialize(document)['_id'] as unknown);
}

const value = fc.oneof(
  fc.integer().map((number) => new Int32(number)),
  fc.double().map((number) => new Double(number)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((number) => Long.fromBigInt(number)),
  fc.string(),
  fc.boolean(),
  fc.constant(null),
  fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
);

describe('sorting', () => {
  test('missing sorts as null, an array by its smallest item up and by its largest down', () => {
    // Source: manual, "Comparison/Sort Order" ("Arrays", "Non-existent Fields").
    const documents = [
      { _id: 'two', a: 2 },
      { _id: 'array', a: [1, 3] },
      { _id: 'missing' },
      { _id: 'empty', a: [] },
      { _id: 'text', a: 'x' },
    ];
    expect(sorted({ a: 1 }, documents)).toEqual(['empty', 'missing', 'array', 'two', 'text']);
    expect(sorted({ a: -1 }, documents)).toEqual(['text', 'array', 'two', 'missing', 'empty']);
  });

  test('later keys decide between equals, dotted paths enter arrays', () => {
    const documents = [
      { _id: 1, a: { b: 1 }, c: 1 },
      { _id: 2, a: { b: Long.ONE }, c: 2 },
      { _id: 3, a: [{ b: 0 }, { b: 9 }], c: 0 },
    ];
    expect(sorted({ 'a.b': 1, c: -1 }, documents)).toEqual([3, 2, 1]);
  });

  test('keys order as the comparator does', () => {
    fc.assert(
      fc.property(fc.tuple(value, value), fc.tuple(value, value), fc.constantFrom(1, -1), (left, right, direction) => {
        const sort = compileSort(BSON.serialize({ a: direction, b: 1 }));
        const [one, other] = [left, right].map(([a, b]) => BSON.serialize({ a, b }));
        if (one === undefined || other === undefined) throw new Error('no documents');
        expect(Math.sign(sort.keyOf(one).compare(sort.keyOf(other)))).toBe(Math.sign(sort.compare(one, other)));
      }),
    );
  });

  test('a direction is 1 or -1', () => {
    expect(() => compileSort(BSON.serialize({ a: 2 }))).toThrow(expect.objectContaining({ code: 15975 }) as Error);
    expect(() => compileSort(BSON.serialize({ a: 'up' }))).toThrow(expect.objectContaining({ code: 15974 }) as Error);
  });
});
