import type { Document } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { failureOf } from './failure-of.ts';
import { type FreshDatabase, freshDatabase } from './fresh-database.ts';
import { useServer } from './use-server.ts';

// Sources: manual, "cursor.hint()", "Sparse Indexes" (a hint on a sparse index leaves documents out), "Partial
// Indexes", "Hidden Indexes"; mongodb/mongo query_planner.cpp: a hinted index is scanned as a whole.
const server = useServer();

const documents = [
  { _id: 1, a: 2 },
  { _id: 2, b: 1 },
  { _id: 3, a: 3 },
  { _id: 4, a: 1 },
  { _id: 5, a: [0, 9] },
];

async function withIndexes(): Promise<FreshDatabase> {
  const scratch = freshDatabase(server().client);
  await scratch.items.insertMany(documents.map((document) => ({ ...document })));
  await scratch.items.createIndex({ a: 1 }, { name: 'sparse', sparse: true });
  await scratch.items.createIndex({ a: -1 }, { name: 'descending' });
  await scratch.items.createIndex({ b: 1 }, { name: 'partial', partialFilterExpression: { a: { $gte: 2 } } });
  await scratch.items.createIndex({ b: -1 }, { name: 'hidden', hidden: true });
  return scratch;
}

function idsOf(found: readonly Document[]): unknown[] {
  return found.map((document) => document['_id']);
}

describe('a hint gives the documents of the index in its order', () => {
  const cases: [string, unknown[]][] = [
    ['sparse', [5, 4, 1, 3]],
    ['descending', [5, 3, 1, 4, 2]],
    ['partial', [1, 3, 5]],
    ['_id_', [1, 2, 3, 4, 5]],
  ];
  for (const [hint, ids] of cases) {
    test(`find and aggregate: ${hint}`, async () => {
      await using scratch = await withIndexes();
      expect(idsOf(await scratch.items.find({}, { hint }).toArray())).toEqual(ids);
      expect(idsOf(await scratch.items.aggregate([], { hint }).toArray())).toEqual(ids);
      expect(idsOf(await scratch.items.aggregate([{ $match: {} }], { hint }).toArray())).toEqual(ids);
    });

    test(`a filter that an index serves: ${hint}`, async () => {
      await using scratch = await withIndexes();
      const filter = { a: { $in: [1, 2, 3] } };
      const expected = ids.filter((id) => [1, 3, 4].includes(id as number));
      expect(idsOf(await scratch.items.find(filter, { hint }).toArray())).toEqual(expected);
      expect(idsOf(await scratch.items.aggregate([{ $match: filter }], { hint }).toArray())).toEqual(expected);
      expect(await scratch.items.countDocuments(filter, { hint })).toBe(expected.length);
      const modify = { findAndModify: 'items', query: filter, update: { $set: { seen: 1 } }, hint };
      expect((await scratch.db.command(modify))['value']._id).toBe(expected[0]);
      expect((await scratch.items.deleteMany(filter, { hint })).deletedCount).toBe(expected.length);
    });

    test(`count and distinct: ${hint}`, async () => {
      await using scratch = await withIndexes();
      expect(await scratch.db.command({ count: 'items', query: {}, hint })).toMatchObject({ n: ids.length });
      expect(await scratch.items.countDocuments({}, { hint })).toBe(ids.length);
      const { values } = await scratch.db.command({ distinct: 'items', key: '_id', hint });
      expect([...values].sort()).toEqual([...ids].sort());
    });

    test(`updates and deletes: ${hint}`, async () => {
      await using scratch = await withIndexes();
      const modify = { findAndModify: 'items', update: { $set: { seen: 1 } }, hint };
      expect((await scratch.db.command(modify))['value']._id).toBe(ids[0]);
      expect((await scratch.items.updateMany({}, { $set: { all: 1 } }, { hint })).matchedCount).toBe(ids.length);
      const first = await scratch.db.command({ delete: 'items', deletes: [{ q: {}, limit: 1, hint }] });
      expect(first).toMatchObject({ n: 1 });
      expect(await scratch.items.findOne({ _id: ids[0] as number })).toBeNull();
      expect((await scratch.items.deleteMany({}, { hint })).deletedCount).toBe(ids.length - 1);
    });
  }

  test('of more documents than the server reads at once', async () => {
    await using scratch = freshDatabase(server().client);
    const all = Array.from({ length: 2_500 }, (_, id) => (id % 2 === 0 ? { _id: id } : { _id: id, a: -id }));
    await scratch.items.insertMany(all);
    await scratch.items.createIndex({ a: 1 }, { name: 'sparse', sparse: true });
    const expected = all.filter(({ a }) => a !== undefined).map(({ _id }) => _id);
    const hint = 'sparse';
    expect(idsOf(await scratch.items.aggregate([], { hint }).toArray())).toEqual(expected.toReversed());
    expect(idsOf(await scratch.items.find({}, { hint }).toArray())).toEqual(expected.toReversed());
    expect(await scratch.items.countDocuments({}, { hint })).toBe(expected.length);
  });

  test('with a sort, in the order of the sort', async () => {
    await using scratch = await withIndexes();
    const sorted = await scratch.items.find({}, { hint: 'sparse', sort: { _id: -1 } }).toArray();
    expect(idsOf(sorted)).toEqual([5, 4, 3, 1]);
  });

  test('by its key pattern, whose direction counts', async () => {
    await using scratch = await withIndexes();
    expect(idsOf(await scratch.items.find({}, { hint: { a: -1 } }).toArray())).toEqual([5, 3, 1, 4, 2]);
    expect(idsOf(await scratch.items.find({}, { hint: { a: 1 } }).toArray())).toEqual([5, 4, 1, 3]);
  });

  test('bulkWrite: for updates and deletes', async () => {
    await using scratch = await withIndexes();
    const nsInfo = [{ ns: `${scratch.name}.items` }];
    const ops = [
      { update: 0, filter: {}, updateMods: { $set: { seen: 1 } }, multi: true, hint: 'sparse' },
      { delete: 0, filter: {}, multi: true, hint: 'sparse' },
    ];
    const reply = await server().client.db('admin').command({ bulkWrite: 1, ops, nsInfo });
    expect(reply).toMatchObject({ nMatched: 4, nDeleted: 4 });
    expect(await scratch.items.find().toArray()).toEqual([{ _id: 2, b: 1 }]);
  });
});

describe('a hint of an index that does not exist, or is hidden, is refused', () => {
  for (const hint of ['none', 'hidden', { none: 1 }, { _id: -1 }]) {
    test(JSON.stringify(hint), async () => {
      await using scratch = await withIndexes();
      const commands: Document[] = [
        { find: 'items', hint },
        { aggregate: 'items', pipeline: [], cursor: {}, hint },
        { count: 'items', hint },
        { distinct: 'items', key: 'a', hint },
        { findAndModify: 'items', update: {}, hint },
        { explain: { find: 'items', hint } },
        { explain: { aggregate: 'items', pipeline: [], cursor: {}, hint } },
        { explain: { update: 'items', updates: [{ q: {}, u: {}, hint }] } },
        { explain: { delete: 'items', deletes: [{ q: {}, limit: 0, hint }] } },
        { explain: { findAndModify: 'items', update: {}, hint } },
      ];
      for (const command of commands) {
        expect((await failureOf(scratch.db.command(command))).code, JSON.stringify(command)).toBe(2);
      }
      const { writeErrors } = await scratch.db.command({ update: 'items', updates: [{ q: {}, u: {}, hint }] });
      expect(writeErrors).toMatchObject([{ code: 2 }]);
    });
  }
});
