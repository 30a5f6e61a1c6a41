import { type Document, Double, Int32, Long, Timestamp } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { failureOf } from './failure-of.ts';
import { freshDatabase } from './fresh-database.ts';
import { useServer } from './use-server.ts';

// Source: manual, "Update Operators" and the page of each operator; codes: error_codes.yml.
const server = useServer();

async function updated(document: Document, update: Document | Document[], options: Document = {}): Promise<Document> {
  await using scratch = freshDatabase(server().client);
  await scratch.items.insertOne({ _id: 1, ...document });
  const { filter = { _id: 1 }, ...rest } = options;
  await scratch.items.updateOne(filter, update, rest);
  const { _id, ...fields } = (await scratch.items.findOne({ _id: 1 })) as Document;
  return fields;
}

async function refusedCode(
  document: Document,
  update: Document | Document[],
  options: Document = {},
): Promise<unknown> {
  return (await failureOf(updated(document, update, options))).code;
}

describe('fields', () => {
  test('$set keeps the order of fields and creates missing parents', async () => {
    const document = await updated({ b: 1, a: 2 }, { $set: { a: 3, 'c.d': 4, b: 5 } });
    expect(document).toEqual({ b: 5, a: 3, c: { d: 4 } });
    expect(Object.keys(document)).toEqual(['b', 'a', 'c']);
  });

  test('$set adds new fields in the order of their names', async () => {
    // Source: manual, "Update Operators Behavior": since 5.0 string-named fields are processed in lexicographic order.
    expect(Object.keys(await updated({}, { $set: { z: 1, a: 1, m: 1 } }))).toEqual(['a', 'm', 'z']);
  });

  test('$unset, $rename', async () => {
    expect(await updated({ a: 1, b: { c: 1, d: 2 } }, { $unset: { 'b.c': '', x: '' } })).toEqual({ a: 1, b: { d: 2 } });
    expect(await updated({ a: 1, b: 2 }, { $rename: { a: 'n.a' } })).toEqual({ b: 2, n: { a: 1 } });
  });

  test('$inc and $mul keep number types and widen where they must', async () => {
    await using scratch = freshDatabase(server().client);
    const document = {
      _id: 1,
      int: new Int32(2147483647),
      long: Long.fromString('9007199254740993'),
      double: new Double(1),
    };
    await scratch.items.insertOne(document);
    await scratch.items.updateOne({ _id: 1 }, { $inc: { int: 1, long: 1, double: 1, fresh: new Int32(3) } });
    const found = await scratch.items.findOne({ _id: 1 }, { promoteValues: false });
    expect(found?.['int']).toEqual(Long.fromString('2147483648'));
    expect(String(found?.['long'])).toBe('9007199254740994');
    expect(found?.['double']).toEqual(new Double(2));
    expect(found?.['fresh']).toEqual(new Int32(3));
    await scratch.items.updateOne({ _id: 1 }, { $mul: { double: 2.5, absent: new Int32(3) } });
    expect(await scratch.items.findOne({ _id: 1 })).toMatchObject({ double: 5, absent: 0 });
  });

  test('$min, $max, $setOnInsert, $currentDate', async () => {
    expect(await updated({ a: 5, b: 5 }, { $min: { a: 3, b: 9, c: 1 } })).toEqual({ a: 3, b: 5, c: 1 });
    expect(await updated({ a: 5, b: 5 }, { $max: { a: 3, b: 9 } })).toEqual({ a: 5, b: 9 });
    expect(await updated({ a: 5 }, { $setOnInsert: { b: 1 } })).toEqual({ a: 5 });
    const dated = await updated({}, { $currentDate: { at: true, stamp: { $type: 'timestamp' } } });
    expect(dated['at']).toBeInstanceOf(Date);
    expect(dated['stamp']).toBeInstanceOf(Timestamp);
  });

  test('$bit', async () => {
    expect(await updated({ n: 13 }, { $bit: { n: { and: 10 } } })).toEqual({ n: 8 });
    expect(await updated({ n: 3 }, { $bit: { n: { or: 5, xor: 1 } } })).toEqual({ n: 6 });
  });
});

describe('arrays', () => {
  test('$push with $each, $position, $slice and $sort', async () => {
    expect(await updated({ a: [1] }, { $push: { a: 2, b: 1 } })).toEqual({ a: [1, 2], b: [1] });
    expect(await updated({ a: [1, 2] }, { $push: { a: { $each: [8, 9], $position: 1 } } })).toEqual({
      a: [1, 8, 9, 2],
    });
    expect(await updated({ a: [3, 1] }, { $push: { a: { $each: [2], $sort: 1, $slice: 2 } } })).toEqual({ a: [1, 2] });
    expect(await updated({ a: [3, 1] }, { $push: { a: { $each: [], $slice: -1 } } })).toEqual({ a: [1] });
    const sorted = await updated(
      { a: [{ k: 2 }, { k: 1 }] },
      { $push: { a: { $each: [{ k: 3 }], $sort: { k: -1 } } } },
    );
    expect(sorted).toEqual({ a: [{ k: 3 }, { k: 2 }, { k: 1 }] });
  });

  test('$addToSet, $pop, $pull, $pullAll', async () => {
    expect(await updated({ a: [1, 2] }, { $addToSet: { a: { $each: [2, 3, 3] } } })).toEqual({ a: [1, 2, 3] });
    expect(await updated({ a: [{ x: 1, y: 2 }] }, { $addToSet: { a: { y: 2, x: 1 } } })).toEqual({
      a: [
        { x: 1, y: 2 },
        { y: 2, x: 1 },
      ],
    });
    expect(await updated({ a: [1, 2, 3] }, { $pop: { a: 1 } })).toEqual({ a: [1, 2] });
    expect(await updated({ a: [1, 2, 3] }, { $pop: { a: -1 } })).toEqual({ a: [2, 3] });
    expect(await updated({ a: [1, 5, 9, 'x'] }, { $pull: { a: { $gte: 5 } } })).toEqual({ a: [1, 'x'] });
    expect(await updated({ a: [{ k: 1, v: 1 }, { k: 2 }] }, { $pull: { a: { k: 1 } } })).toEqual({ a: [{ k: 2 }] });
    expect(await updated({ a: [1, 2, 1, 3] }, { $pullAll: { a: [1, 3] } })).toEqual({ a: [2] });
  });

  test('positional operators', async () => {
    const items = [
      { k: 1, v: 0 },
      { k: 2, v: 0 },
      { k: 3, v: 0 },
    ];
    const filter = { _id: 1, 'a.k': 2 };
    expect(await updated({ a: items }, { $set: { 'a.$.v': 9 } }, { filter })).toEqual({
      a: [
        { k: 1, v: 0 },
        { k: 2, v: 9 },
        { k: 3, v: 0 },
      ],
    });
    expect(await updated({ a: [1, 2] }, { $inc: { 'a.$[]': 10 } })).toEqual({ a: [11, 12] });
    expect(
      await updated({ a: items }, { $set: { 'a.$[e].v': 7 } }, { arrayFilters: [{ 'e.k': { $gte: 2 } }] }),
    ).toEqual({
      a: [
        { k: 1, v: 0 },
        { k: 2, v: 7 },
        { k: 3, v: 7 },
      ],
    });
    expect(await updated({ a: [1] }, { $set: { 'a.3': 4 } })).toEqual({ a: [1, null, null, 4] });
  });
});

describe('pipelines and replacements', () => {
  test('a pipeline computes from the document', async () => {
    const pipeline = [
      { $set: { total: { $add: ['$a', '$b'] } } },
      { $unset: 'b' },
      { $set: { half: { $divide: ['$total', 2] } } },
    ];
    expect(await updated({ a: 1, b: 3 }, pipeline)).toEqual({ a: 1, total: 4, half: 2 });
  });

  test('a replacement keeps the _id and drops the rest', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1, a: 1 });
    await scratch.items.replaceOne({ a: 1 }, { b: 2 });
    expect(await scratch.items.find().toArray()).toEqual([{ _id: 1, b: 2 }]);
  });

  test('an upsert sets the fields that its filter compares for equality', async () => {
    await using scratch = freshDatabase(server().client);
    const filter = { a: 1, 'b.c': 2, d: { $gt: 5 }, e: { $eq: 7 }, $and: [{ f: 8 }] };
    await scratch.items.updateOne(filter, { $set: { g: 9 }, $setOnInsert: { h: 10 } }, { upsert: true });
    const [document] = await scratch.items.find({}, { projection: { _id: 0 } }).toArray();
    expect(document).toEqual({ a: 1, b: { c: 2 }, e: 7, f: 8, g: 9, h: 10 });
  });
});

describe('an update is refused', () => {
  const cases: [string, Document, Document | Document[], unknown, Document?][] = [
    ['for an unknown operator', {}, { $unheardOf: { a: 1 } }, 9],
    ['for two operators on one path', {}, { $set: { a: 1 }, $inc: { a: 1 } }, 40],
    ['for a path and its parent', {}, { $set: { a: 1, 'a.b': 1 } }, 40],
    ['for $inc of text', { a: 'x' }, { $inc: { a: 1 } }, 14],
    ['for $inc by text', { a: 1 }, { $inc: { a: 'x' } }, 14],
    ['for $push to a number', { a: 1 }, { $push: { a: 1 } }, 2],
    ['for a path through a number', { a: 1 }, { $set: { 'a.b': 1 } }, 28],
    ['for a positional operator without a match', { a: [1] }, { $set: { 'a.$': 1 } }, 2],
    ['for an array filter that is not used', { a: [1] }, { $set: { b: 1 } }, 9, { arrayFilters: [{ e: 1 }] }],
    ['for an identifier without an array filter', { a: [1] }, { $set: { 'a.$[e]': 1 } }, 2],
    ['for an empty path', {}, { $set: { '': 1 } }, 56],
    ['for $rename onto itself', { a: 1 }, { $rename: { a: 'a' } }, 2],
  ];
  for (const [what, document, update, code, options] of cases) {
    test(what, async () => {
      expect(await refusedCode(document, update, options)).toBe(code);
    });
  }
});

describe('findAndModify', () => {
  test('returns the document before or after the change, projected and sorted', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany([
      { _id: 1, n: 1, x: 1 },
      { _id: 2, n: 5, x: 1 },
    ]);
    const before = await scratch.items.findOneAndUpdate({ x: 1 }, { $inc: { n: 1 } }, { sort: { n: -1 } });
    expect(before).toEqual({ _id: 2, n: 5, x: 1 });
    const after = await scratch.items.findOneAndUpdate(
      { x: 1 },
      { $inc: { n: 1 } },
      { sort: { n: -1 }, returnDocument: 'after', projection: { n: 1 } },
    );
    expect(after).toEqual({ _id: 2, n: 7 });
    expect(await scratch.items.findOneAndDelete({ _id: 9 })).toBeNull();
    const upserted = await scratch.items.findOneAndUpdate(
      { _id: 3 },
      { $set: { n: 1 } },
      { upsert: true, returnDocument: 'after' },
    );
    expect(upserted).toEqual({ _id: 3, n: 1 });
  });

  test('reports what it did in lastErrorObject', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1 });
    const update = { findAndModify: 'items', query: { _id: 1 }, update: { $set: { a: 1 } } };
    expect((await scratch.db.command(update))['lastErrorObject']).toEqual({ n: 1, updatedExisting: true });
    const upsert = { findAndModify: 'items', query: { _id: 2 }, update: { $set: { a: 1 } }, upsert: true };
    expect((await scratch.db.command(upsert))['lastErrorObject']).toEqual({
      n: 1,
      updatedExisting: false,
      upserted: 2,
    });
    const removal = { findAndModify: 'items', query: { _id: 9 }, remove: true };
    expect(await scratch.db.command(removal)).toMatchObject({ lastErrorObject: { n: 0 }, value: null });
  });

  test('refuses to remove and update at once', async () => {
    await using scratch = freshDatabase(server().client);
    const command = { findAndModify: 'items', query: {}, remove: true, update: { a: 1 } };
    expect((await failureOf(scratch.db.command(command))).code).toBe(9);
  });
});
