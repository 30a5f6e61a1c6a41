import type { Long } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { failureOf } from './failure-of.ts';
import { freshDatabase, type Item } from './fresh-database.ts';
import { useServer } from './use-server.ts';

// Sources: manual, find, getMore, killCursors, distinct, count, "Cursors".
const server = useServer();

async function withItems(
  count: number,
  work: (scratch: ReturnType<typeof freshDatabase>) => Promise<void>,
): Promise<void> {
  await using scratch = freshDatabase(server().client);
  const documents: Item[] = Array.from({ length: count }, (_, index) => ({
    _id: index,
    group: index % 3,
    n: count - index,
  }));
  await scratch.items.insertMany(documents);
  await work(scratch);
}

describe('find', () => {
  test('sorts, skips and limits', async () => {
    await withItems(20, async ({ items }) => {
      const found = await items.find({}, { sort: { group: 1, n: 1 }, skip: 2, limit: 3 }).toArray();
      expect(found.map(({ _id }) => _id)).toEqual([12, 9, 6]);
    });
  });

  test('returns batches of the requested size', async () => {
    await withItems(25, async ({ db, items }) => {
      await using session = server().client.startSession();
      const first = await db.command({ find: 'items', batchSize: 10 }, { session, promoteLongs: false });
      expect(first['cursor'].firstBatch).toHaveLength(10);
      const more = { getMore: first['cursor'].id, collection: 'items', batchSize: 10 };
      expect((await db.command(more, { session, promoteLongs: false }))['cursor'].nextBatch).toHaveLength(10);
      const last = await db.command(more, { session, promoteLongs: false });
      expect(last['cursor'].nextBatch).toHaveLength(5);
      expect(last['cursor'].id.isZero()).toBe(true);
      expect(await items.find({}, { batchSize: 7 }).toArray()).toHaveLength(25);
    });
  });

  test('returns 101 documents in the first batch if no batch size is given', async () => {
    await withItems(250, async ({ db }) => {
      const reply = await db.command({ find: 'items' });
      expect(reply['cursor'].firstBatch).toHaveLength(101);
    });
  });

  test('with batchSize 0 returns a cursor and no document', async () => {
    await withItems(3, async ({ db }) => {
      const reply = await db.command({ find: 'items', batchSize: 0 }, { promoteLongs: false });
      expect(reply['cursor'].firstBatch).toEqual([]);
      expect(reply['cursor'].id.isZero()).toBe(false);
    });
  });

  test('with singleBatch closes the cursor', async () => {
    await withItems(5, async ({ db }) => {
      const reply = await db.command({ find: 'items', batchSize: 2, singleBatch: true }, { promoteLongs: false });
      expect(reply['cursor'].firstBatch).toHaveLength(2);
      expect(reply['cursor'].id.isZero()).toBe(true);
    });
  });

  test('keeps batches below 16 MB', async () => {
    await using scratch = freshDatabase(server().client);
    for (let id = 0; id < 4; id += 1) await scratch.items.insertOne({ _id: id, pad: 'x'.repeat(6_000_000) });
    const reply = await scratch.db.command({ find: 'items' });
    expect(reply['cursor'].firstBatch).toHaveLength(2);
    expect(await scratch.items.find().toArray()).toHaveLength(4);
  });

  test('by ten thousand values at once', async () => {
    await withItems(300, async ({ items }) => {
      const wanted = Array.from({ length: 10_000 }, (_, index) => index * 2);
      expect(await items.find({ _id: { $in: wanted } }).toArray()).toHaveLength(150);
    });
  });

  test('projects', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({
      _id: 1,
      a: 1,
      b: { c: 2, d: 3 },
      list: [1, 2, 3, 4],
      docs: [
        { k: 1, v: 1 },
        { k: 2, v: 2 },
      ],
    });
    const project = async (projection: object): Promise<unknown> => scratch.items.findOne({}, { projection });
    expect(await project({ a: 1, 'b.c': 1 })).toEqual({ _id: 1, a: 1, b: { c: 2 } });
    expect(await project({ _id: 0, b: 0, list: 0, docs: 0 })).toEqual({ a: 1 });
    expect(await project({ list: { $slice: 2 }, docs: 0, b: 0 })).toEqual({ _id: 1, a: 1, list: [1, 2] });
    expect(await project({ list: { $slice: [-3, 2] }, _id: 1 })).toMatchObject({ list: [2, 3] });
    expect(await project({ docs: { $elemMatch: { k: 2 } } })).toEqual({ _id: 1, docs: [{ k: 2, v: 2 }] });
    expect(await project({ 'docs.k': 1, _id: 0 })).toEqual({ docs: [{ k: 1 }, { k: 2 }] });
    expect(await project({ twice: { $multiply: ['$a', 2] }, _id: 0 })).toEqual({ twice: 2 });
    expect(await scratch.items.findOne({ 'docs.k': 2 }, { projection: { 'docs.$': 1, _id: 0 } })).toEqual({
      docs: [{ k: 2, v: 2 }],
    });
    // Sources: projection_parser.cpp: 31254 "Cannot do exclusion on field x in inclusion projection", 31253 the other way.
    expect((await failureOf(scratch.items.findOne({}, { projection: { a: 1, b: 0 } }))).code).toBe(31254);
    expect((await failureOf(scratch.items.findOne({}, { projection: { a: 0, b: 1 } }))).code).toBe(31253);
  });

  test('is bounded by min and max on a hinted index', async () => {
    await withItems(10, async ({ items }) => {
      const found = await items.find({}, { min: { _id: 3 }, max: { _id: 6 }, hint: { _id: 1 } }).toArray();
      expect(found.map(({ _id }) => _id)).toEqual([3, 4, 5]);
    });
  });

  test('goes backwards in natural order', async () => {
    await withItems(5, async ({ items }) => {
      const forward = (await items.find({}, { sort: { $natural: 1 } }).toArray()).map(({ _id }) => _id);
      const backward = (await items.find({}, { sort: { $natural: -1 } }).toArray()).map(({ _id }) => _id);
      expect(backward).toEqual([...forward].reverse());
    });
  });

  test('on a collection that does not exist is empty', async () => {
    await using scratch = freshDatabase(server().client);
    expect(await scratch.items.find().toArray()).toEqual([]);
    expect(await scratch.items.countDocuments()).toBe(0);
    expect(await scratch.items.distinct('a')).toEqual([]);
  });

  test('refuses invalid values', async () => {
    await using scratch = freshDatabase(server().client);
    const codes = [];
    for (const wrong of [
      { limit: -5 },
      { skip: -1 },
      { batchSize: -1 },
      { filter: 5 },
      { sort: { a: 7 } },
      { sort: 'a' },
    ]) {
      codes.push((await failureOf(scratch.db.command({ find: 'items', ...wrong }))).code);
    }
    expect(codes).toEqual([51024, 51024, 51024, 14, 15975, 14]);
  });

  test('finishes within maxTimeMS or fails with 50', async () => {
    await withItems(10, async ({ items }) => {
      expect(await items.find({}, { maxTimeMS: 10_000 }).toArray()).toHaveLength(10);
    });
  });
});

describe('a cursor', () => {
  test('sees each document once while others write', async () => {
    await withItems(300, async ({ items }) => {
      const seen: unknown[] = [];
      const writeBetween = async (): Promise<void> => {
        if (seen.length % 50 === 0) await items.deleteOne({ _id: seen[0] as number });
        if (seen.length % 70 === 0) await items.insertOne({ _id: `late${seen.length}` });
      };
      for await (const document of items.find({}, { batchSize: 20, sort: { _id: 1 } })) {
        seen.push(document._id);
        await writeBetween();
      }
      const numbers = seen.filter((id) => typeof id === 'number');
      expect(numbers).toEqual(Array.from({ length: 300 }, (_, index) => index));
      expect(new Set(seen).size).toBe(seen.length);
    });
  });

  test('can be killed and is then unknown', async () => {
    await withItems(10, async ({ db }) => {
      await using session = server().client.startSession();
      const { cursor } = await db.command({ find: 'items', batchSize: 2 }, { session, promoteLongs: false });
      const killed = await db.command({ killCursors: 'items', cursors: [cursor.id] }, { session, promoteLongs: false });
      expect((killed['cursorsKilled'] as Long[]).map(String)).toEqual([String(cursor.id)]);
      const failure = await failureOf(db.command({ getMore: cursor.id, collection: 'items' }, { session }));
      expect(failure).toMatchObject({ code: 43, codeName: 'CursorNotFound' });
    });
  });

  test('can only be read with the name of its collection', async () => {
    // Source: getmore_cmd.cpp: the cursor's namespace must be the asked one, Unauthorized 13.
    await withItems(10, async ({ db }) => {
      await using session = server().client.startSession();
      const { cursor } = await db.command({ find: 'items', batchSize: 2 }, { session, promoteLongs: false });
      expect((await failureOf(db.command({ getMore: cursor.id, collection: 'other' }, { session }))).code).toBe(13);
    });
  });

  test('ends with QueryPlanKilled or without documents if its collection is dropped', async () => {
    await withItems(10, async ({ db, items }) => {
      await using session = server().client.startSession();
      const { cursor } = await db.command({ find: 'items', batchSize: 2 }, { session, promoteLongs: false });
      await items.drop();
      const failure = await failureOf(db.command({ getMore: cursor.id, collection: 'items' }, { session }));
      expect([43, 175, 237]).toContain(failure.code);
    });
  });

  test('id that is not a long is refused', async () => {
    await using scratch = freshDatabase(server().client);
    expect((await failureOf(scratch.db.command({ getMore: 'x', collection: 'items' }))).code).toBe(14);
  });
});

describe('counting', () => {
  test('counts documents, with skip and limit', async () => {
    await withItems(30, async ({ db, items }) => {
      expect(await items.countDocuments({ group: 1 })).toBe(10);
      expect(await items.estimatedDocumentCount()).toBe(30);
      expect(await db.command({ count: 'items', query: { group: 1 }, skip: 3, limit: 4 })).toMatchObject({ n: 4 });
      expect(await db.command({ count: 'none' })).toMatchObject({ n: 0 });
    });
  });

  test('returns distinct values, with arrays unwound', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany([{ a: [1, 2] }, { a: 2 }, { a: [3, [4]] }, { b: 1 }, { a: { x: 1 } }]);
    const values: unknown[] = await scratch.items.distinct('a');
    expect(values).toHaveLength(5);
    expect(values).toEqual(expect.arrayContaining([1, 2, 3, { x: 1 }, [4]]));
    expect(await scratch.items.distinct('a', { b: { $exists: false }, a: 2 })).toEqual([1, 2]);
  });
});
