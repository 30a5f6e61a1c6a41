import { MongoClient } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { createMongoServer } from '../mongo-server.ts';

async function shop() {
  const server = createMongoServer({ memory: true, port: 0 });
  const { url } = await server.start();
  const client = await new MongoClient(url).connect();
  const db = client.db('shop');
  await db.collection<{ _id: number; a: number }>('items').insertMany([
    { _id: 1, a: 1 },
    { _id: 2, a: 2 },
  ]);
  return {
    db,
    async [Symbol.asyncDispose]() {
      await client.close();
      await server.stop();
    },
  };
}

/** Manual pages "$out" and "$merge". */
describe('stages that write', () => {
  test('$out replaces a collection and keeps its indexes', async () => {
    await using given = await shop();
    const { db } = given;
    await db.collection<{ _id: number }>('copy').insertOne({ _id: 9 });
    await db.collection('copy').createIndex({ a: 1 }, { unique: true });
    expect(
      await db
        .collection('items')
        .aggregate([{ $match: { a: 2 } }, { $out: 'copy' }])
        .toArray(),
    ).toEqual([]);
    expect(await db.collection('copy').find().toArray()).toEqual([{ _id: 2, a: 2 }]);
    expect((await db.collection('copy').indexes()).map((index) => index.name)).toEqual(['_id_', 'a_1']);
    expect((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name).sort()).toEqual([
      'copy',
      'items',
    ]);
  });

  test('a $out that fails leaves the collection as it was', async () => {
    await using given = await shop();
    const { db } = given;
    await db.collection<{ _id: number }>('copy').insertOne({ _id: 9 });
    await db.collection('copy').createIndex({ b: 1 }, { unique: true });
    await expect(
      db
        .collection('items')
        .aggregate([{ $out: 'copy' }])
        .toArray(),
    ).rejects.toMatchObject({ code: 11000 });
    expect(await db.collection('copy').find().toArray()).toEqual([{ _id: 9 }]);
    expect((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name).sort()).toEqual([
      'copy',
      'items',
    ]);
  });

  test('$merge overlays, inserts, and does what its modes say', async () => {
    await using given = await shop();
    const { db } = given;
    const target = db.collection<{ _id: number; a?: number; old?: boolean }>('target');
    await target.insertOne({ _id: 1, old: true });
    const merge = (options: object) =>
      db
        .collection('items')
        .aggregate([{ $merge: { into: 'target', ...options } }])
        .toArray();
    await merge({ whenNotMatched: 'discard' });
    expect(await target.find().toArray()).toEqual([{ _id: 1, old: true, a: 1 }]);
    await merge({ whenMatched: 'replace' });
    expect(await target.find().toArray()).toEqual([
      { _id: 1, a: 1 },
      { _id: 2, a: 2 },
    ]);
    await merge({ whenMatched: [{ $set: { a: { $add: ['$a', '$$new.a'] } } }] });
    expect(await target.find().toArray()).toEqual([
      { _id: 1, a: 2 },
      { _id: 2, a: 4 },
    ]);
    await expect(merge({ whenMatched: 'fail' })).rejects.toMatchObject({ code: 11000 });
    await expect(merge({ on: 'a' })).rejects.toMatchObject({ code: 51183 });
  });

  test('they come last, and not in a transaction', async () => {
    await using given = await shop();
    const { db } = given;
    await expect(
      db
        .collection('items')
        .aggregate([{ $out: 'x' }, { $match: {} }])
        .toArray(),
    ).rejects.toMatchObject({ code: 40601 });
    await using session = db.client.startSession();
    session.startTransaction();
    await expect(
      db
        .collection('items')
        .aggregate([{ $out: 'x' }], { session })
        .toArray(),
    ).rejects.toMatchObject({ code: 263 });
  });

  describe('$merge on the fields of a unique index', () => {
    async function sales() {
      const given = await shop();
      const totals = given.db.collection('totals');
      await totals.createIndex({ city: 1, day: -1 }, { unique: true });
      await totals.insertMany([
        { _id: 'first' as never, city: 'Oslo', day: 1, sum: 5 },
        { _id: 'second' as never, city: 'Rome', day: 1, sum: 7 },
      ]);
      const merge = async (documents: object[], options: object = {}) =>
        given.db
          .aggregate([{ $documents: documents }, { $merge: { into: 'totals', on: ['day', 'city'], ...options } }])
          .toArray();
      const stored = async () => totals.find({}, { sort: { city: 1 } }).toArray();
      return { ...given, merge, stored };
    }

    test('finds the document by them and keeps its _id', async () => {
      await using given = await sales();
      await given.merge([
        { city: 'Oslo', day: 1, sum: 6 },
        { _id: 'third', city: 'Paris', day: 1, sum: 1 },
      ]);
      expect(await given.stored()).toEqual([
        { _id: 'first', city: 'Oslo', day: 1, sum: 6 },
        { _id: 'third', city: 'Paris', day: 1, sum: 1 },
        { _id: 'second', city: 'Rome', day: 1, sum: 7 },
      ]);
      await given.merge([{ city: 'Rome', day: 1, count: 2 }], { whenMatched: 'replace' });
      expect((await given.stored())[2]).toEqual({ _id: 'second', city: 'Rome', day: 1, count: 2 });
    });

    test('runs a pipeline with the variables of let, which read the new document', async () => {
      await using given = await sales();
      const whenMatched = [{ $set: { sum: { $add: ['$sum', '$$more', '$$new.sum'] } } }];
      await given.merge([{ city: 'Oslo', day: 1, sum: 10 }], {
        let: { more: { $multiply: ['$sum', 2] } },
        whenMatched,
      });
      expect((await given.stored())[0]).toMatchObject({ sum: 35 });
    });

    test('refuses what MongoDB refuses', async () => {
      await using given = await sales();
      const oslo = { city: 'Oslo', day: 1 };
      const pipeline = [{ $set: { sum: 1 } }];
      const cases: [object, object, number][] = [
        [oslo, { on: 'city' }, 51183],
        [oslo, { on: ['city', 'city'] }, 31465],
        [{ city: 'Oslo' }, {}, 51132],
        [{ city: null, day: 1 }, {}, 51132],
        [{ city: ['Oslo'], day: 1 }, {}, 51132],
        [oslo, { whenMatched: 'fail' }, 11000],
        [oslo, { let: { a: 1 } }, 51199],
        [oslo, { let: { new: 1 }, whenMatched: pipeline }, 51273],
        [{ _id: 'other', ...oslo }, { whenMatched: 'replace' }, 66],
      ];
      for (const [document, options, code] of cases) {
        await expect(given.merge([document], options), JSON.stringify(options)).rejects.toMatchObject({ code });
      }
    });
  });
});
