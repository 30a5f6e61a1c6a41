import { documentValue, rawValue } from '@emcachers/bson/raw-value';
import { BSON, Decimal128, Double, Int32, Long } from 'bson';
import { describe, expect, test } from 'vitest';
import { compileFilter } from '../filter.ts';
import { commandVariables } from '../variables.ts';
import { type CompiledUpdate, compileUpdate } from './update.ts';

const clusterTime = { seconds: 1000, increment: 1 };
const nowMs = 1_700_000_000_000;

function compiled(update: BSON.Document | BSON.Document[], arrayFilters: BSON.Document[] = []): CompiledUpdate {
  const raw = BSON.serialize({ ...update });
  return compileUpdate({
    update: Array.isArray(update) ? rawValue(4, raw) : documentValue(raw),
    arrayFilters: arrayFilters.map((filter) => BSON.serialize(filter)),
    variables: commandVariables({ nowMs, clusterTime }),
    nowMs,
    clusterTime,
  });
}

function run(
  document: BSON.Document,
  update: BSON.Document | BSON.Document[],
  options: { filters?: BSON.Document[]; position?: number } = {},
) {
  const result = compiled(update, options.filters).apply(BSON.serialize(document), options.position ?? -1);
  const description = result.updateDescription === null ? null : BSON.deserialize(result.updateDescription);
  return {
    kind: result.kind,
    document: BSON.deserialize(result.document, { promoteValues: true }),
    raw: result.document,
    description,
  };
}

function code(document: BSON.Document, update: BSON.Document | BSON.Document[]): number {
  try {
    run(document, update);
  } catch (error) {
    return (error as { code: number }).code;
  }
  return 0;
}

function description(updatedFields: BSON.Document, removedFields: string[] = [], rest: BSON.Document = {}) {
  return { updatedFields, removedFields, truncatedArrays: [], disambiguatedPaths: {}, ...rest };
}

/** Manual: each operator's page; descriptions as `jstests/change_streams/expanded_update_description.js` and the change-stream specification show them. */
const cases: readonly (readonly [
  title: string,
  before: BSON.Document,
  update: BSON.Document | BSON.Document[],
  after: BSON.Document,
  description: BSON.Document,
])[] = [
  [
    '$set keeps the place of a field and adds new ones at the end',
    { _id: 1, a: 1, b: 2 },
    { $set: { c: 3, a: 9 } },
    { _id: 1, a: 9, b: 2, c: 3 },
    description({ a: 9, c: 3 }),
  ],
  [
    '$set makes the documents on the path',
    { _id: 1 },
    { $set: { 'a.b.c': 1 } },
    { _id: 1, a: { b: { c: 1 } } },
    description({ a: { b: { c: 1 } } }),
  ],
  [
    '$set inside a document logs the dotted path',
    { _id: 1, a: { b: 1 } },
    { $set: { 'a.b': 2, 'a.c': 3 } },
    { _id: 1, a: { b: 2, c: 3 } },
    description({ 'a.b': 2, 'a.c': 3 }),
  ],
  [
    '$set past the end of an array pads with null',
    { _id: 1, a: [1] },
    { $set: { 'a.3': 4 } },
    { _id: 1, a: [1, null, null, 4] },
    description({ 'a.3': 4 }),
  ],
  [
    '$unset removes, and makes null in an array',
    { _id: 1, a: 1, b: [1, 2] },
    { $unset: { a: '', 'b.0': '' } },
    { _id: 1, b: [null, 2] },
    description({ 'b.0': null }, ['a']),
  ],
  [
    '$inc widens int32 to int64 and starts from nothing',
    { _id: 1, a: 2147483647 },
    { $inc: { a: 1, b: 5 } },
    { _id: 1, a: 2147483648, b: 5 },
    description({ a: 2147483648, b: 5 }),
  ],
  [
    '$min and $max compare across types',
    { _id: 1, a: 5, b: 5 },
    { $min: { a: 'x', b: 3 }, $max: { c: 1 } },
    { _id: 1, a: 5, b: 3, c: 1 },
    description({ b: 3, c: 1 }),
  ],
  [
    '$rename moves the value to the end',
    { _id: 1, a: 1, b: 2 },
    { $rename: { a: 'c' } },
    { _id: 1, b: 2, c: 1 },
    description({ c: 1 }, ['a']),
  ],
  [
    '$push appends and logs the items alone',
    { _id: 1, a: [1] },
    { $push: { a: { $each: [2, 3] } } },
    { _id: 1, a: [1, 2, 3] },
    description({ 'a.1': 2, 'a.2': 3 }),
  ],
  [
    '$push with $sort and $slice logs the whole array',
    { _id: 1, a: [3, 1] },
    { $push: { a: { $each: [2], $sort: -1, $slice: 2 } } },
    { _id: 1, a: [3, 2] },
    description({ a: [3, 2] }),
  ],
  [
    '$push with $position',
    { _id: 1, a: [1, 3] },
    { $push: { a: { $each: [2], $position: 1 } } },
    { _id: 1, a: [1, 2, 3] },
    description({ a: [1, 2, 3] }),
  ],
  [
    '$addToSet adds what is not there',
    { _id: 1, a: [1] },
    { $addToSet: { a: { $each: [1, 2] } } },
    { _id: 1, a: [1, 2] },
    description({ a: [1, 2] }),
  ],
  [
    '$pop from either end',
    { _id: 1, a: [1, 2], b: [1, 2] },
    { $pop: { a: 1, b: -1 } },
    { _id: 1, a: [1], b: [2] },
    description({ a: [1], b: [2] }),
  ],
  [
    '$pull by condition and by fields',
    { _id: 1, a: [1, 5, 9], b: [{ x: 1, y: 2 }, { x: 2 }] },
    { $pull: { a: { $gte: 5 }, b: { x: 1 } } },
    { _id: 1, a: [1], b: [{ x: 2 }] },
    description({ a: [1], b: [{ x: 2 }] }),
  ],
  ['$pullAll', { _id: 1, a: [1, 2, 1] }, { $pullAll: { a: [1] } }, { _id: 1, a: [2] }, description({ a: [2] })],
  [
    '$bit',
    { _id: 1, a: 13 },
    { $bit: { a: { and: new Int32(10), or: new Int32(1) } } },
    { _id: 1, a: 9 },
    description({ a: 9 }),
  ],
  [
    '$currentDate',
    { _id: 1 },
    { $currentDate: { a: true } },
    { _id: 1, a: new Date(nowMs) },
    description({ a: new Date(nowMs) }),
  ],
  [
    '$[] changes every item',
    { _id: 1, a: [1, 2] },
    { $inc: { 'a.$[]': 10 } },
    { _id: 1, a: [11, 12] },
    description({ 'a.0': 11, 'a.1': 12 }),
  ],
  [
    'a name of digits in a document is spelled out',
    { _id: 1, a: [{ '1': 1 }] },
    { $set: { 'a.0.1': 2 } },
    { _id: 1, a: [{ '1': 2 }] },
    description({ 'a.0.1': 2 }, [], { disambiguatedPaths: { 'a.0.1': ['a', 0, '1'] } }),
  ],
  [
    'a pipeline that shortens an array',
    { _id: 1, a: 1, array: ['foo', { a: 'bar' }, 1, 2, 3] },
    [{ $set: { array: ['foo', { a: 'bar' }] } }],
    { _id: 1, a: 1, array: ['foo', { a: 'bar' }] },
    description({}, [], { truncatedArrays: [{ field: 'array', newSize: 2 }] }),
  ],
  [
    'a pipeline that computes',
    { _id: 1, a: 2, long: 'x'.repeat(80) },
    [{ $set: { b: { $add: ['$a', 1] } } }, { $unset: 'a' }],
    { _id: 1, long: 'x'.repeat(80), b: 3 },
    description({ b: 3 }, ['a']),
  ],
];

describe('updates', () => {
  for (const [title, before, update, after, wanted] of cases) {
    test(title, () => {
      const result = run(before, update);
      expect(result.kind).toBe('update');
      expect(JSON.stringify(result.document)).toBe(JSON.stringify(after));
      expect(result.description).toEqual(wanted);
    });
  }

  test('the positional operators', () => {
    expect(run({ _id: 1, a: [1, 2] }, { $set: { 'a.$': 9 } }, { position: 1 }).description).toEqual(
      description({ 'a.1': 9 }),
    );
    expect(
      run({ _id: 1, a: [1, 5] }, { $set: { 'a.$[big]': 0 } }, { filters: [{ big: { $gt: 3 } }] }).document,
    ).toEqual({ _id: 1, a: [1, 0] });
    expect(
      run({ _id: 1, a: [{ x: 1 }, { x: 2 }] }, { $set: { 'a.$[i].y': 0 } }, { filters: [{ 'i.x': 2 }] }).document,
    ).toEqual({ _id: 1, a: [{ x: 1 }, { x: 2, y: 0 }] });
    expect(code({ _id: 1, a: [1] }, { $set: { 'a.$': 9 } })).toBe(2);
  });

  test('what changes nothing is no change', () => {
    for (const update of [
      { $set: { a: 1 } },
      { $unset: { z: 1 } },
      { $inc: { a: 0 } },
      { $addToSet: { b: 1 } },
      { $pull: { b: 7 } },
      { $max: { a: 1 } },
      { _id: 1, a: 1, b: [1] },
    ]) {
      expect(run({ _id: 1, a: 1, b: [1] }, update).kind).toBe('noop');
    }
  });

  test('numbers keep MongoDB types', () => {
    const numbers = { _id: 1, a: new Int32(1), b: Long.ONE, c: new Double(1), d: Decimal128.fromString('1.10') };
    const { raw } = run(numbers, {
      $inc: { a: new Int32(1), b: new Int32(1), c: new Int32(1), d: Decimal128.fromString('0.1') },
    });
    expect(BSON.EJSON.stringify(BSON.deserialize(raw, { promoteValues: false }), { relaxed: false })).toBe(
      '{"_id":{"$numberInt":"1"},"a":{"$numberInt":"2"},"b":{"$numberLong":"2"},"c":{"$numberDouble":"2.0"},"d":{"$numberDecimal":"1.20"}}',
    );
  });

  test('a replacement keeps the _id at the front', () => {
    const result = run({ _id: 7, a: 1 }, { b: 2 });
    expect([result.kind, result.description]).toEqual(['replace', null]);
    expect(JSON.stringify(result.document)).toBe('{"_id":7,"b":2}');
  });

  test('a pipeline that rewrites most of a small document is a replacement', () => {
    expect(run({ _id: 1, a: 1 }, [{ $set: { b: 2 } }]).kind).toBe('replace');
  });

  test('an upsert starts from the equalities of its filter', () => {
    const filter = compileFilter(BSON.serialize({ _id: 3, 'a.b': 1, c: { $gt: 5 }, d: { $in: [4] } }));
    expect(BSON.deserialize(compiled({ $set: { e: 1 }, $setOnInsert: { f: 2 } }).insertDocument(filter))).toEqual({
      _id: 3,
      a: { b: 1 },
      d: 4,
      e: 1,
      f: 2,
    });
    expect(BSON.deserialize(compiled({ x: 1 }).insertDocument(filter))).toEqual({ _id: 3, x: 1 });
  });

  test('errors carry the codes of MongoDB', () => {
    const document = { _id: 1, a: 'x', b: [1], c: Long.MAX_VALUE };
    expect(code(document, { $set: { a: 1, 'a.b': 2 } })).toBe(40);
    expect(code(document, { $set: { a: 1 }, $unset: { a: 1 } })).toBe(40);
    expect(code(document, { $foo: { a: 1 } })).toBe(9);
    expect(code(document, { $set: 1 })).toBe(9);
    expect(code(document, { $inc: { a: 1 } })).toBe(14);
    expect(code(document, { $inc: { c: 1 } })).toBe(2);
    expect(code(document, { $set: { 'a.b': 1 } })).toBe(28);
    expect(code(document, { $set: { 'b.x': 1 } })).toBe(28);
    expect(code(document, { $push: { a: 1 } })).toBe(2);
    expect(code(document, { $set: { _id: 2 } })).toBe(66);
    expect(code(document, { _id: 2 })).toBe(66);
    expect(code(document, { a: 1, $set: { b: 1 } })).toBe(52);
    expect(code(document, [{ $match: {} }])).toBe(72);
    expect(code(document, { $set: { '': 1 } })).toBe(56);
  });

  test('bytes that are not touched stay as they are', () => {
    const odd = Buffer.from('1a000000105f696400010000000261ff00020000007800106200', 'hex');
    const document = Buffer.concat([odd, Buffer.from('0200000000', 'hex')]);
    document.writeInt32LE(document.length, 0);
    const result = compiled({ $set: { b: new Int32(3) } }).apply(document, -1);
    const expected = Buffer.from(document);
    expected.writeInt32LE(3, document.length - 5);
    expect(Buffer.from(result.document).equals(expected)).toBe(true);
  });
});
