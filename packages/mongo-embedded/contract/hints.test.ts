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

/** The stages of the plan that explain shows, from the outermost to the one that reads. */
async function stagesOf(scratch: FreshDatabase, command: Document): Promise<Document[]> {
  const { queryPlanner } = await scratch.db.command({ explain: command });
  const stages: Document[] = [];
  for (let stage = queryPlanner.winningPlan; stage !== undefined; stage = stage.inputStage) stages.push(stage);
  return stages;
}

const namesOf = (stages: readonly Document[]): unknown[] => stages.map(({ stage }) => stage);

// Source: mongodb/mongo query_planner.cpp, `indexCompatibleMaxMin`: the same paths in the same order.
describe('min and max that the hinted index does not fit are refused', () => {
  const hints = ['sparse', 'descending', 'partial', { a: 1 }, 'both'];
  for (const hint of hints) {
    test(`bounds of _id over ${JSON.stringify(hint)}`, async () => {
      await using scratch = await withIndexes();
      await scratch.items.createIndex({ _id: 1, a: 1 }, { name: 'both' });
      for (const bounds of [{ min: { _id: 5 } }, { max: { _id: 5 } }, { min: { _id: 1 }, max: { _id: 5 } }])
        for (const command of [
          { find: 'items', hint, ...bounds },
          { find: 'items', hint, sort: { _id: 1 }, ...bounds },
          { explain: { find: 'items', hint, ...bounds } },
        ])
          expect((await failureOf(scratch.db.command(command))).code, JSON.stringify(command)).toBe(51174);
    });
  }

  test('more paths than the index has, over _id', async () => {
    await using scratch = await withIndexes();
    const command = { find: 'items', hint: '_id_', min: { _id: 1, a: 1 } };
    expect((await failureOf(scratch.db.command(command))).code).toBe(51174);
  });

  test('without a hint of an index', async () => {
    await using scratch = await withIndexes();
    for (const hint of [undefined, {}, { $natural: 1 }]) {
      const command = { find: 'items', min: { _id: 1 }, ...(hint === undefined ? {} : { hint }) };
      expect((await failureOf(scratch.db.command(command))).code, JSON.stringify(hint)).toBe(51173);
    }
  });

  test('and those of _id are kept over its own index', async () => {
    await using scratch = await withIndexes();
    for (const hint of ['_id_', { _id: 1 }] as const)
      expect(idsOf(await scratch.items.find({}, { hint, min: { _id: 2 }, max: { _id: 4 } }).toArray())).toEqual([2, 3]);
  });
});

describe('explain shows that a hinted index is read', () => {
  const cases: [string, Document, unknown[], Document][] = [
    [
      'in its own order without a sort',
      { hint: 'sparse' },
      ['FETCH', 'IXSCAN'],
      { indexName: 'sparse', direction: 'forward', isSparse: true },
    ],
    [
      'in its descending order',
      { hint: 'descending' },
      ['FETCH', 'IXSCAN'],
      { indexName: 'descending', keyPattern: { a: -1 }, direction: 'forward' },
    ],
    [
      'though the filter has a better one',
      { filter: { a: 1 }, hint: 'partial' },
      ['FETCH', 'IXSCAN'],
      { indexName: 'partial', isPartial: true },
    ],
    [
      'and sorted where it does not give the order',
      { sort: { b: 1 }, hint: 'sparse' },
      ['SORT', 'FETCH', 'IXSCAN'],
      { indexName: 'sparse' },
    ],
    ['and sorted by _id', { sort: { _id: 1 }, hint: 'sparse' }, ['SORT', 'FETCH', 'IXSCAN'], { indexName: 'sparse' }],
    [
      'in the order of a sort that it gives',
      { sort: { b: 1 }, hint: 'partial' },
      ['FETCH', 'IXSCAN'],
      { direction: 'forward' },
    ],
    [
      'backwards for the opposite sort',
      { sort: { b: -1 }, hint: 'partial' },
      ['FETCH', 'IXSCAN'],
      { direction: 'backward' },
    ],
    ['_id_', { hint: '_id_' }, ['FETCH', 'IXSCAN'], { indexName: '_id_', direction: 'forward' }],
    ['$natural', { filter: { a: 1 }, hint: { $natural: -1 } }, ['COLLSCAN'], { direction: 'backward' }],
  ];
  for (const [name, options, names, read] of cases) {
    test(name, async () => {
      await using scratch = await withIndexes();
      const stages = await stagesOf(scratch, { find: 'items', ...options });
      expect(namesOf(stages)).toEqual(names);
      expect(stages.at(-1)).toMatchObject(read);
    });
  }

  test('by the other commands', async () => {
    await using scratch = await withIndexes();
    const commands: Document[] = [
      { count: 'items', query: {}, hint: 'sparse' },
      { distinct: 'items', key: 'a', hint: 'sparse' },
      { findAndModify: 'items', query: {}, update: { $set: { c: 1 } }, hint: 'sparse' },
      { update: 'items', updates: [{ q: {}, u: { $set: { c: 1 } }, multi: true, hint: 'sparse' }] },
      { delete: 'items', deletes: [{ q: {}, limit: 0, hint: 'sparse' }] },
    ];
    for (const command of commands) {
      const stages = await stagesOf(scratch, command);
      expect(stages.at(-1), JSON.stringify(command)).toMatchObject({ stage: 'IXSCAN', indexName: 'sparse' });
    }
  });

  test('and without a hint, the plan that is chosen', async () => {
    await using scratch = await withIndexes();
    expect(namesOf(await stagesOf(scratch, { find: 'items', filter: { _id: 1 } }))).toEqual(['IDHACK']);
    expect(namesOf(await stagesOf(scratch, { find: 'items', filter: { c: 1 } }))).toEqual(['COLLSCAN']);
    const [, read] = await stagesOf(scratch, { find: 'items', filter: { a: { $gte: 2 } } });
    expect(read).toMatchObject({ stage: 'IXSCAN', keyPattern: { a: 1 } });
  });
});

describe('the order of a hinted index', () => {
  test('of many documents, several with the same key, is the one that a sort gives', async () => {
    await using scratch = freshDatabase(server().client);
    const { items } = scratch;
    await items.insertMany(Array.from({ length: 3_000 }, (_, _id) => ({ _id, a: (_id * 7) % 5, b: (_id * 11) % 40 })));
    await items.createIndex({ a: 1, b: 1 }, { name: 'up' });
    await items.createIndex({ a: -1, b: -1 }, { name: 'down' });
    await items.createIndex({ a: 1, b: -1 }, { name: 'mixed' });
    const orders = { up: { a: 1, b: 1 }, down: { a: -1, b: -1 }, mixed: { a: 1, b: -1 } } as const;
    for (const [hint, { a, b }] of Object.entries(orders)) {
      const byId = await items.find({}, { sort: { a, b, _id: 1 } }).toArray();
      expect(idsOf(await items.find({}, { hint }).toArray()), hint).toEqual(idsOf(byId));
      const filter = { a: { $in: [1, 3] }, b: { $gt: 7 } };
      const some = byId.filter((item) => [1, 3].includes(item['a']) && item['b'] > 7);
      expect(idsOf(await items.find(filter, { hint, batchSize: 7 }).toArray()), hint).toEqual(idsOf(some));
      expect(idsOf(await items.find({}, { hint, skip: 10, limit: 20 }).toArray()), hint).toEqual(
        idsOf(byId.slice(10, 30)),
      );
    }
    const reversed = await items.find({}, { hint: 'up', sort: { a: -1, b: -1 } }).toArray();
    expect(reversed.map(({ a, b }) => [a, b])).toEqual(
      (await items.find({}, { sort: { a: -1, b: -1 } }).toArray()).map(({ a, b }) => [a, b]),
    );
  });

  test('is the same in a transaction that has written', async () => {
    await using scratch = await withIndexes();
    await using session = server().client.startSession();
    session.startTransaction();
    await scratch.items.insertOne({ _id: 6, a: 2.5 }, { session });
    await scratch.items.updateOne({ _id: 4 }, { $set: { a: 8 } }, { session });
    const found = await scratch.items.find({}, { hint: 'sparse', session }).toArray();
    expect(idsOf(found)).toEqual([5, 1, 6, 3, 4]);
    const descending = await scratch.items.find({}, { hint: 'descending', session }).toArray();
    expect(idsOf(descending)).toEqual([5, 4, 3, 6, 1, 2]);
    await session.abortTransaction();
  });
});
