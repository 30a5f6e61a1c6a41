import type { Document } from 'mongodb';
import { expect, test } from 'vitest';
import { failureOf } from './failure-of.ts';
import { freshDatabase, type Item } from './fresh-database.ts';
import { useServer } from './use-server.ts';

// Sources: manual, "Indexes", "Multikey Indexes", "Sparse Indexes", "Partial Indexes", "Query Optimization".
const server = useServer();

const documents: Item[] = [
  { _id: 1, sku: 'a', n: 1, tags: ['x', 'y'] },
  { _id: 2, sku: 'a', n: 2, tags: [] },
  { _id: 3, sku: 'b', n: [3, 30] },
  { _id: 4, sku: null, n: '4' },
  {
    _id: 5,
    n: 5.5,
    lines: [
      { p: 1, q: 2 },
      { p: 3, q: 4 },
    ],
  },
  { _id: 6, sku: ['a', 'c'], n: null },
];

const queries: readonly Document[] = [
  { sku: 'a' },
  { sku: null },
  { sku: { $in: ['b', 'c'] } },
  { n: { $gt: 1 } },
  { n: { $gt: 4, $lt: 20 } },
  { n: { $gte: null } },
  { tags: [] },
  { tags: { $in: ['x', null] } },
  { 'lines.p': 1, 'lines.q': 4 },
  { 'lines.p': { $lte: 3 } },
  { sku: 'a', n: { $lt: 2 } },
];

const indexes: readonly { readonly key: Record<string, 1 | -1>; readonly options: Document }[] = [
  { key: { sku: 1 }, options: {} },
  { key: { n: -1 }, options: {} },
  { key: { sku: -1, n: 1 }, options: {} },
  { key: { tags: 1 }, options: { sparse: true } },
  { key: { 'lines.p': 1, 'lines.q': -1 }, options: {} },
  { key: { n: 1, sku: 1 }, options: { name: 'partial', partialFilterExpression: { n: { $gt: 0 } } } },
];

test('every command finds the same documents with indexes as without', async () => {
  await using scratch = freshDatabase(server().client);
  const [plain, indexed] = [scratch.collection('plain'), scratch.collection('indexed')];
  for (const { key, options } of indexes) await indexed.createIndex(key, options);
  for (const items of [plain, indexed]) await items.insertMany(documents);
  for (const query of queries) {
    const results = [];
    for (const items of [plain, indexed]) {
      const found = await items.find(query).toArray();
      const sorted = await items.find(query, { sort: { _id: -1 } }).toArray();
      results.push({
        found: found.map(({ _id }) => _id).sort(),
        sorted,
        counted: await items.countDocuments(query),
        distinct: (await items.distinct('_id', query)).sort(),
        grouped: await items.aggregate([{ $match: query }, { $group: { _id: null, all: { $sum: '$_id' } } }]).toArray(),
        updated: (await items.updateMany(query, { $inc: { seen: 1 } })).modifiedCount,
        deleted: (await items.deleteMany({ ...query, seen: { $gt: 3 } })).deletedCount,
        rest: await items.find({}, { sort: { _id: 1 } }).toArray(),
      });
    }
    expect(results[1], JSON.stringify(query)).toEqual(results[0]);
  }
});

test('an update of many documents changes each once, though it moves them along the index that finds them', async () => {
  await using scratch = freshDatabase(server().client);
  const { items } = scratch;
  await items.createIndex({ n: 1 });
  await items.insertMany(Array.from({ length: 500 }, (_, _id) => ({ _id, n: _id })));
  expect((await items.updateMany({ n: { $gte: 0 } }, { $inc: { n: 1_000 } })).modifiedCount).toBe(500);
  expect(await items.countDocuments({ n: { $gte: 1_000, $lt: 1_500 } })).toBe(500);
});

test('an index that is built while documents change has the keys of all of them', async () => {
  await using scratch = freshDatabase(server().client);
  const { items } = scratch;
  await items.insertMany(Array.from({ length: 8_000 }, (_, _id) => ({ _id, n: _id % 100 })));
  let isBuilding = true;
  const build = items.createIndex({ n: 1 }).finally(() => {
    isBuilding = false;
  });
  let writes = 0;
  for (let _id = 7_999; isBuilding && _id > 100; _id -= 3) {
    await items.updateOne({ _id }, { $set: { n: -1 } });
    await items.deleteOne({ _id: _id - 1 });
    await items.insertOne({ _id: 20_000 + _id, n: -1 });
    writes += 1;
  }
  await build;
  expect(await items.countDocuments({ n: -1 })).toBe(writes * 2);
  expect(await items.countDocuments({ n: { $gte: 0 } })).toBe(8_000 - writes * 2);
});

test('a unique index that cannot be built leaves nothing behind', async () => {
  await using scratch = freshDatabase(server().client);
  const { items } = scratch;
  await items.insertMany(Array.from({ length: 5_000 }, (_, _id) => ({ _id, n: _id === 4_999 ? 0 : _id })));
  expect((await failureOf(items.createIndex({ n: 1 }, { unique: true }))).code).toBe(11000);
  expect((await items.indexes()).map(({ name }) => name)).toEqual(['_id_']);
  expect((await items.insertOne({ _id: 5_000, n: 1 })).acknowledged).toBe(true);
});
