import { Binary, Decimal128, type Document, Double, Int32, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { failureOf } from './failure-of.ts';
import { freshDatabase, type Item } from './fresh-database.ts';
import { useServer } from './use-server.ts';

// Sources: manual, "Query and Projection Operators" and the page of each operator; "Comparison/Sort Order" for the
// brackets of types; "Query for Null or Missing Fields"; "Query an Array".
const server = useServer();

/** The ids of the documents that each filter finds. */
async function found(documents: readonly Document[], filters: readonly Document[]): Promise<unknown[][]> {
  await using scratch = freshDatabase(server().client);
  await scratch.items.insertMany(documents.map((document, index): Item => ({ _id: index, ...document })));
  const results: unknown[][] = [];
  for (const filter of filters) {
    const matching = await scratch.items.find(filter, { sort: { _id: 1 }, projection: { _id: 1 } }).toArray();
    results.push(matching.map(({ _id }) => _id));
  }
  return results;
}

async function refusal(filter: Document): Promise<unknown> {
  await using scratch = freshDatabase(server().client);
  await scratch.items.insertOne({ a: 1 });
  return (await failureOf(scratch.items.find(filter).toArray())).code;
}

describe('comparison', () => {
  test('only matches values of the type of the operand', async () => {
    const documents = [
      { a: 1 },
      { a: '1' },
      { a: new Date(1) },
      { a: null },
      {},
      { a: true },
      { a: [1] },
      { a: { b: 1 } },
    ];
    expect(
      await found(documents, [
        { a: { $gt: 0 } },
        { a: { $gt: '' } },
        { a: { $gte: new Date(0) } },
        { a: { $gte: null } },
        { a: { $lte: true } },
      ]),
    ).toEqual([[0, 6], [1], [2], [3, 4], [5]]);
  });

  test('compares numbers by value across types', async () => {
    const documents = [
      { a: new Int32(5) },
      { a: Long.fromNumber(5) },
      { a: new Double(5) },
      { a: Decimal128.fromString('5.0') },
      { a: Decimal128.fromString('5.1') },
    ];
    expect(await found(documents, [{ a: 5 }, { a: { $gt: 5 } }, { a: Decimal128.fromString('5') }])).toEqual([
      [0, 1, 2, 3],
      [4],
      [0, 1, 2, 3],
    ]);
  });

  test('is exact for integers that a double cannot represent', async () => {
    const documents = ['9007199254740992', '9007199254740993', '9007199254740994'].map((text) => ({
      a: Long.fromString(text),
    }));
    expect(
      await found(documents, [
        { a: Long.fromString('9007199254740993') },
        { a: { $gt: Long.fromString('9007199254740993') } },
      ]),
    ).toEqual([[1], [2]]);
  });

  test('matches null if a field is null or missing', async () => {
    const documents = [{ a: null }, {}, { a: 1 }, { a: [null] }, { a: [] }];
    expect(
      await found(documents, [
        { a: null },
        { a: { $ne: null } },
        { a: { $exists: false } },
        { a: { $type: 'null' } },
        { a: { $in: [null, 1] } },
      ]),
    ).toEqual([[0, 1, 3], [2, 4], [1], [0, 3], [0, 1, 2, 3]]);
  });

  test('compares documents as a whole, in the order of their fields', async () => {
    const documents = [{ a: { x: 1, y: 2 } }, { a: { y: 2, x: 1 } }, { a: { x: 1 } }];
    expect(await found(documents, [{ a: { x: 1, y: 2 } }, { 'a.x': 1 }, { a: { $gt: { x: 1 } } }])).toEqual([
      [0],
      [0, 1, 2],
      [0, 1],
    ]);
  });

  test('matches NaN only with NaN', async () => {
    const documents = [{ a: Number.NaN }, { a: 1 }, { a: Decimal128.fromString('NaN') }];
    expect(await found(documents, [{ a: Number.NaN }, { a: { $lt: 5 } }, { a: { $ne: Number.NaN } }])).toEqual([
      [0, 2],
      [1],
      [1],
    ]);
  });

  test('matches other types by equality', async () => {
    const id = new ObjectId();
    const documents = [
      { a: id },
      { a: id.toHexString() },
      { a: new Binary(Buffer.from('x'), 0) },
      { a: new Binary(Buffer.from('x'), 5) },
      { a: new Timestamp({ t: 1, i: 2 }) },
      { a: new MinKey() },
      { a: new MaxKey() },
      { a: /x/i },
    ];
    expect(
      await found(documents, [
        { a: id },
        { a: new Binary(Buffer.from('x'), 0) },
        { a: new Timestamp({ t: 1, i: 2 }) },
        { a: new MinKey() },
        { a: { $eq: /x/i } },
      ]),
    ).toEqual([[0], [2], [4], [5], [7]]);
  });
});

describe('arrays', () => {
  const documents = [
    { a: [1, 5, 9] },
    { a: [3] },
    { a: 5 },
    { a: [] },
    { a: [[5]] },
    {
      a: [
        { k: 1, v: 1 },
        { k: 2, v: 2 },
      ],
    },
  ];

  test('match if one element does', async () => {
    expect(
      await found(documents, [{ a: 5 }, { a: { $gt: 8 } }, { a: [3] }, { a: [] }, { 'a.1': 5 }, { a: [5] }]),
    ).toEqual([[0, 2], [0], [1], [3], [0], [4]]);
  });

  test('may match each condition with a different element; $elemMatch requires one element for all', async () => {
    expect(
      await found(documents, [
        { a: { $gt: 5, $lt: 3 } },
        { a: { $elemMatch: { $gt: 5, $lt: 3 } } },
        { a: { $elemMatch: { $gt: 2, $lt: 6 } } },
      ]),
    ).toEqual([[0], [], [0, 1]]);
    expect(
      await found(documents, [
        { 'a.k': 1, 'a.v': 2 },
        { a: { $elemMatch: { k: 1, v: 2 } } },
        { a: { $elemMatch: { k: 2, v: 2 } } },
      ]),
    ).toEqual([[5], [], [5]]);
  });

  test('$all and $size', async () => {
    expect(
      await found(documents, [
        { a: { $all: [1, 9] } },
        { a: { $all: [5] } },
        { a: { $size: 3 } },
        { a: { $size: 0 } },
        { a: { $all: [] } },
      ]),
    ).toEqual([[0], [0, 2], [0], [3], []]);
  });

  test('$in and $nin', async () => {
    expect(
      await found(documents, [
        { a: { $in: [3, 9] } },
        { a: { $nin: [3, 9] } },
        { a: { $in: [] } },
        { a: { $in: [[5]] } },
      ]),
    ).toEqual([[0, 1], [2, 3, 4, 5], [], [4]]);
  });
});

describe('logic and elements', () => {
  const documents = [{ a: 1, b: 1 }, { a: 1 }, { b: 2 }, {}];

  test('$and, $or, $nor, $not', async () => {
    expect(
      await found(documents, [
        { $and: [{ a: 1 }, { b: 1 }] },
        { $or: [{ b: 2 }, { b: 1 }] },
        { $nor: [{ a: 1 }, { b: 2 }] },
        { a: { $not: { $gt: 0 } } },
        { a: { $not: /x/ } },
      ]),
    ).toEqual([[0], [0, 2], [3], [2, 3], [0, 1, 2, 3]]);
  });

  test('$exists and $type', async () => {
    const typed = [
      { a: 1 },
      { a: 1.5 },
      { a: Long.fromString('99999999999') },
      { a: 'x' },
      { a: [1] },
      { a: new Date() },
    ];
    expect(
      await found(typed, [
        { a: { $type: 'int' } },
        { a: { $type: 'number' } },
        { a: { $type: ['string', 'date'] } },
        { a: { $type: 'array' } },
        { a: { $type: 18 } },
      ]),
    ).toEqual([[0, 4], [0, 1, 2, 4], [3, 5], [4], [2]]);
  });

  test('$mod and bits', async () => {
    const numbers = [{ a: 4 }, { a: 7 }, { a: 'x' }, { a: 4.5 }];
    expect(
      await found(numbers, [
        { a: { $mod: [4, 0] } },
        { a: { $bitsAllSet: 3 } },
        { a: { $bitsAnySet: [0, 1] } },
        { a: { $bitsAllClear: 3 } },
      ]),
    ).toEqual([[0, 3], [1], [1], [0]]);
  });

  test('$regex', async () => {
    const texts = [{ a: 'Lamp' }, { a: 'lamp\nshade' }, { a: 'x' }, { a: ['y', 'lamp'] }, { a: 5 }];
    expect(
      await found(texts, [
        { a: /^lamp/ },
        { a: { $regex: '^LAMP$', $options: 'im' } },
        { a: { $in: [/^x$/, /^La/] } },
        { a: { $regex: 'p.s', $options: 's' } },
      ]),
    ).toEqual([[1, 3], [0, 1, 3], [0, 2], [1]]);
  });

  test('$expr compares fields and across types', async () => {
    const pairs = [{ a: 1, b: 2 }, { a: 3, b: 2 }, { a: 'x', b: 2 }, { b: 2 }];
    expect(
      await found(pairs, [
        { $expr: { $gt: ['$a', '$b'] } },
        { $expr: { $lt: ['$a', '$b'] } },
        { $expr: { $eq: ['$a', { $subtract: ['$b', 1] }] } },
      ]),
    ).toEqual([[1, 2], [0, 3], [0]]);
  });

  test('$comment, $alwaysTrue in disguise, and an empty $and are what the manual says', async () => {
    expect(await found(documents, [{ $comment: 'why', a: 1 }, {}])).toEqual([
      [0, 1],
      [0, 1, 2, 3],
    ]);
    expect(await refusal({ $and: [] })).toBe(2);
  });
});

describe('a filter is refused', () => {
  const cases: [Document, number][] = [
    [{ a: { $unheardOf: 1 } }, 2],
    [{ $unheardOf: 1 }, 2],
    [{ a: { $in: 5 } }, 2],
    [{ a: { $regex: '(' } }, 51091],
    [{ a: { $mod: [0, 1] } }, 2],
    [{ a: { $size: -1 } }, 2],
    [{ a: { $type: 'nothing' } }, 2],
    [{ $or: [] }, 2],
    [{ $or: 5 }, 2],
    [{ a: { $elemMatch: 5 } }, 2],
    [{ $expr: { $unheardOf: 1 } }, 168],
  ];
  for (const [filter, code] of cases) {
    test(JSON.stringify(filter), async () => {
      expect(await refusal(filter)).toBe(code);
    });
  }
});
