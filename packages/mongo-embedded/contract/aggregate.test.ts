import { Decimal128, type Document } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { failureOf } from './failure-of.ts';
import { freshDatabase } from './fresh-database.ts';
import { useServer } from './use-server.ts';

// Source: manual, "Aggregation Stages", "Aggregation Operators" and the page of each; codes from the server's sources.
const server = useServer();

const ORDERS: Document[] = [
  { _id: 1, item: 'a', n: 2, price: 10, tags: ['x', 'y'] },
  { _id: 2, item: 'b', n: 1, price: 20, tags: [] },
  { _id: 3, item: 'a', n: 5, price: 10, tags: ['x'] },
  { _id: 4, item: 'c', n: 0, price: null },
];

async function run(pipeline: Document[], documents: Document[] = ORDERS): Promise<Document[]> {
  await using scratch = freshDatabase(server().client);
  await scratch.items.insertMany(documents);
  return await scratch.items.aggregate(pipeline).toArray();
}

describe('stages', () => {
  test('$match, $project, $sort, $skip, $limit', async () => {
    const found = await run([
      { $match: { n: { $gt: 0 } } },
      { $project: { _id: 0, item: 1, total: { $multiply: ['$n', '$price'] } } },
      { $sort: { total: -1, item: 1 } },
      { $skip: 1 },
      { $limit: 1 },
    ]);
    expect(found).toEqual([{ item: 'a', total: 20 }]);
  });

  test('$group with accumulators', async () => {
    const found = await run([
      {
        $group: {
          _id: '$item',
          sum: { $sum: '$n' },
          avg: { $avg: '$price' },
          max: { $max: '$n' },
          min: { $min: '$n' },
          all: { $push: '$_id' },
          count: { $sum: 1 },
          first: { $first: '$_id' },
        },
      },
      { $sort: { _id: 1 } },
    ]);
    expect(found).toEqual([
      { _id: 'a', sum: 7, avg: 10, max: 5, min: 2, all: [1, 3], count: 2, first: 1 },
      { _id: 'b', sum: 1, avg: 20, max: 1, min: 1, all: [2], count: 1, first: 2 },
      { _id: 'c', sum: 0, avg: null, max: 0, min: 0, all: [4], count: 1, first: 4 },
    ]);
  });

  test('$group puts equal numbers of different types into one group', async () => {
    const documents = [{ k: 1 }, { k: Decimal128.fromString('1.0') }, { k: 'x' }, {}, { k: null }];
    const found = await run([{ $group: { _id: '$k', n: { $sum: 1 } } }, { $sort: { n: -1, _id: 1 } }], documents);
    expect(found.map(({ n }) => n)).toEqual([2, 2, 1]);
  });

  test('$count, $sortByCount, $unwind', async () => {
    expect(await run([{ $match: { item: 'a' } }, { $count: 'n' }])).toEqual([{ n: 2 }]);
    expect(await run([{ $match: { item: 'none' } }, { $count: 'n' }])).toEqual([]);
    expect(await run([{ $unwind: '$tags' }, { $sortByCount: '$tags' }])).toEqual([
      { _id: 'x', count: 2 },
      { _id: 'y', count: 1 },
    ]);
    const kept = await run([
      { $unwind: { path: '$tags', includeArrayIndex: 'at', preserveNullAndEmptyArrays: true } },
      { $match: { _id: { $in: [1, 2] } } },
    ]);
    expect(kept.map(({ _id, tags, at }) => [_id, tags, at === null ? null : Number(at)])).toEqual([
      [1, 'x', 0],
      [1, 'y', 1],
      [2, undefined, null],
    ]);
  });

  test('$addFields, $unset, $replaceRoot', async () => {
    const found = await run([
      { $match: { _id: 1 } },
      { $addFields: { 'deep.er': '$n', n: 9 } },
      { $unset: ['price', 'tags'] },
      { $replaceRoot: { newRoot: { $mergeObjects: ['$$ROOT', { last: true }] } } },
    ]);
    expect(found).toEqual([{ _id: 1, item: 'a', n: 9, deep: { er: 2 }, last: true }]);
  });

  test('$lookup', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany([{ _id: 1, ref: 'p' }, { _id: 2, ref: 'q' }, { _id: 3 }]);
    await scratch.collection('other').insertMany([
      { _id: 'p', v: 1 },
      { _id: 'p2', v: 2 },
    ]);
    const pipeline = [
      { $lookup: { from: 'other', localField: 'ref', foreignField: '_id', as: 'found' } },
      { $sort: { _id: 1 } },
    ];
    expect(await scratch.items.aggregate(pipeline).toArray()).toEqual([
      { _id: 1, ref: 'p', found: [{ _id: 'p', v: 1 }] },
      { _id: 2, ref: 'q', found: [] },
      { _id: 3, found: [] },
    ]);
  });

  test('$facet and $bucket', async () => {
    const [facets] = await run([
      { $facet: { count: [{ $count: 'n' }], items: [{ $group: { _id: '$item' } }, { $sort: { _id: 1 } }] } },
    ]);
    expect(facets).toEqual({ count: [{ n: 4 }], items: [{ _id: 'a' }, { _id: 'b' }, { _id: 'c' }] });
    const buckets = await run([
      { $bucket: { groupBy: '$n', boundaries: [0, 2, 10], output: { ids: { $push: '$_id' } } } },
    ]);
    expect(buckets).toEqual([
      { _id: 0, ids: [2, 4] },
      { _id: 2, ids: [1, 3] },
    ]);
  });

  test('$sample returns that many documents, none twice', async () => {
    const found = await run([{ $sample: { size: 3 } }]);
    expect(new Set(found.map(({ _id }) => _id)).size).toBe(3);
  });

  test('of a database: $documents', async () => {
    await using scratch = freshDatabase(server().client);
    const found = await scratch.db.aggregate([{ $documents: [{ a: 1 }, { a: 2 }] }, { $match: { a: 2 } }]).toArray();
    expect(found).toEqual([{ a: 2 }]);
  });

  test('$collStats counts', async () => {
    const [stats] = await run([{ $collStats: { count: {} } }]);
    expect(stats).toMatchObject({ count: 4 });
  });

  test('returns its results in batches', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany(Array.from({ length: 50 }, (_, index) => ({ _id: index })));
    const cursor = scratch.items.aggregate([{ $sort: { _id: -1 } }], { batchSize: 7 });
    expect((await cursor.toArray()).map(({ _id }) => _id)).toEqual(
      Array.from({ length: 50 }, (_, index) => 49 - index),
    );
  });
});

describe('expressions', () => {
  const cases: [string, unknown, unknown][] = [
    ['$cond', { $cond: [{ $gt: ['$n', 1] }, 'many', 'few'] }, 'many'],
    ['$ifNull', { $ifNull: ['$none', '$item', 'z'] }, 'a'],
    // biome-ignore lint/suspicious/noThenProperty: the operator's own field name; nothing awaits this document.
    ['$switch', { $switch: { branches: [{ case: { $eq: ['$n', 2] }, then: 'two' }], default: 'other' } }, 'two'],
    ['$concat', { $concat: ['$item', '-', 'x'] }, 'a-x'],
    ['$concat with null', { $concat: ['$item', null] }, null],
    ['$toString', { $toString: '$n' }, '2'],
    ['$toUpper', { $toUpper: '$item' }, 'A'],
    ['$substrCP', { $substrCP: ['hello', 1, 3] }, 'ell'],
    ['$split', { $split: ['a,b', ','] }, ['a', 'b']],
    ['$size', { $size: '$tags' }, 2],
    ['$arrayElemAt', { $arrayElemAt: ['$tags', -1] }, 'y'],
    ['$filter', { $filter: { input: '$tags', as: 't', cond: { $eq: ['$$t', 'x'] } } }, ['x']],
    ['$map', { $map: { input: '$tags', as: 't', in: { $concat: ['$$t', '!'] } } }, ['x!', 'y!']],
    ['$reduce', { $reduce: { input: [1, 2, 3], initialValue: 0, in: { $add: ['$$value', '$$this'] } } }, 6],
    ['$in', { $in: ['x', '$tags'] }, true],
    ['$setUnion', { $size: { $setUnion: ['$tags', ['y', 'z']] } }, 3],
    ['$dateToString', { $dateToString: { date: new Date(0), format: '%Y-%m-%d' } }, '1970-01-01'],
    ['$year', { $year: new Date(0) }, 1970],
    ['$type', { $type: '$n' }, 'int'],
    ['$type of nothing', { $type: '$none' }, 'missing'],
    ['$literal', { $literal: '$n' }, '$n'],
    ['$objectToArray', { $objectToArray: { a: 1 } }, [{ k: 'a', v: 1 }]],
    ['$arrayToObject', { $arrayToObject: [[['a', 1]]] }, { a: 1 }],
    ['$divide', { $divide: [7, 2] }, 3.5],
    ['$mod', { $mod: [7, 4] }, 3],
    ['$mod of decimals', { $mod: [Decimal128.fromString('7.3'), 2] }, Decimal128.fromString('1.3')],
    ['$sqrt of a square', { $sqrt: Decimal128.fromString('2.25') }, Decimal128.fromString('1.5')],
    [
      '$sqrt of a decimal',
      { $sqrt: Decimal128.fromString('2') },
      Decimal128.fromString('1.414213562373095048801688724209698'),
    ],
    ['$round', { $round: [2.5, 0] }, 2],
    ['$cmp across types', { $cmp: ['x', 5] }, 1],
    ['$let', { $let: { vars: { t: 5 }, in: { $add: ['$$t', '$n'] } } }, 7],
  ];
  for (const [name, expression, value] of cases) {
    test(name, async () => {
      const [document] = await run([{ $match: { _id: 1 } }, { $project: { _id: 0, value: expression } }]);
      expect(document?.['value']).toEqual(value);
    });
  }
});

describe('a pipeline is refused', () => {
  // Sources: document_source.cpp and the parser of each stage.
  const cases: [Document[], number][] = [
    [[{ $unheardOf: {} }], 40324],
    [[{ $match: {}, $limit: 1 }], 40323],
    [[{ $limit: 0 }], 15958],
    [[{ $skip: -1 }], 5107200],
    [[{ $project: {} }], 51272],
    [[{ $group: { a: 1 } }], 15955],
    [[{ $count: '' }], 40156],
    [[{ $unwind: 'tags' }], 28818],
    [[{ $project: { a: { $unheardOf: 1 } } }], 31325],
    // Source: expression.cpp.
    [[{ $project: { a: { $sqrt: -1 } } }], 28714],
    [[{ $project: { a: { $ln: 0 } } }], 28766],
    [[{ $project: { a: { $log10: -1 } } }], 28761],
    [[{ $project: { a: { $log: [0, 2] } } }], 28758],
    [[{ $project: { a: { $log: [2, 1] } } }], 28759],
    [[{ $project: { a: { $pow: [0, -1] } } }], 28764],
    [[{ $project: { a: { $mod: [1, Decimal128.fromString('0')] } } }], 16610],
  ];
  for (const [pipeline, code] of cases) {
    test(JSON.stringify(pipeline), async () => {
      expect((await failureOf(run(pipeline))).code).toBe(code);
    });
  }

  test('without a cursor', async () => {
    await using scratch = freshDatabase(server().client);
    expect((await failureOf(scratch.db.command({ aggregate: 'items', pipeline: [] }))).code).toBe(9);
  });
});
