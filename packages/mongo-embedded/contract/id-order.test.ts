import { EJSON } from 'bson';
import { Binary, Decimal128, type Document, Double, Int32, Long, ObjectId, Timestamp, UUID } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { failureOf } from './failure-of.ts';
import { freshDatabase, type Id } from './fresh-database.ts';
import { useServer } from './use-server.ts';

// Source: manual, "Comparison/Sort Order"; for $gt over types, "Comparison Query Operators" (type bracketing) and
// "$gt (aggregation)" (BSON comparison order across types).
const server = useServer();

/** In MongoDB's order, each strictly after the one before. */
const ORDERED: readonly Id[] = [
  null,
  new Double(Number.NaN),
  new Double(Number.NEGATIVE_INFINITY),
  Long.MIN_VALUE,
  new Double(-1.5),
  new Int32(-1),
  new Int32(0),
  Decimal128.fromString('0.1'),
  new Int32(1),
  new Double(1.5),
  Long.fromString('9007199254740991'),
  Long.fromString('9007199254740992'),
  Long.fromString('9007199254740993'),
  Long.MAX_VALUE,
  new Double(2 ** 63),
  Decimal128.fromString('1E+400'),
  new Double(Number.POSITIVE_INFINITY),
  '',
  '507f1f77bcf86cd799439011',
  'A',
  'Z',
  'a',
  'a\u0000b',
  'a\u0001',
  'ab',
  'z',
  'é',
  '\uFFFD',
  '😀',
  {},
  { a: 1 },
  { a: 1, b: 2 },
  { a: 2 },
  { b: 2, a: 1 },
  { a: 'x' },
  new Binary(Buffer.alloc(0), 0),
  new Binary(Buffer.from([1]), 0),
  new Binary(Buffer.from([2]), 0),
  new Binary(Buffer.from([1]), 128),
  new Binary(Buffer.from([0, 0]), 0),
  new Binary(Buffer.alloc(16, 1), 3),
  new UUID('00000000-0000-4000-8000-000000000000'),
  new UUID('00000000-0000-4000-8000-000000000001'),
  new ObjectId('000000000000000000000000'),
  new ObjectId('507f1f77bcf86cd799439011'),
  false,
  true,
  new Date(-8_640_000_000_000_000),
  new Date(-1),
  new Date(0),
  new Date(1),
  new Timestamp({ t: 0, i: 1 }),
  new Timestamp({ t: 1, i: 0 }),
  new Timestamp({ t: 4294967295, i: 1 }),
];

function text(value: unknown): string {
  return EJSON.stringify({ value }, { relaxed: false });
}

async function withCorpus(work: (scratch: ReturnType<typeof freshDatabase>) => Promise<void>): Promise<void> {
  await using scratch = freshDatabase(server().client);
  const shuffled = ORDERED.map((value, index) => ({ value, key: (index * 7919) % 101 })).sort((a, b) => a.key - b.key);
  // By command: the driver would put an ObjectId in the place of null.
  await scratch.db.command({ insert: 'items', documents: shuffled.map(({ value }) => ({ _id: value })) });
  await work(scratch);
}

const RAW_TYPES = { promoteValues: false } as const;

describe('_id of every type', () => {
  test('sorts in the comparison order, ascending and descending', async () => {
    await withCorpus(async ({ items }) => {
      const up = await items.find({}, { sort: { _id: 1 }, ...RAW_TYPES }).toArray();
      expect(up.map(({ _id }) => text(_id))).toEqual(ORDERED.map(text));
      const down = await items.find({}, { sort: { _id: -1 }, ...RAW_TYPES }).toArray();
      expect(down.map(({ _id }) => text(_id))).toEqual(ORDERED.map(text).reverse());
    });
  });

  test('can be paged through completely by $expr, one document at a time', async () => {
    // What a scan relies on: {$expr: {$gt: ['$_id', {$literal: last}]}} compares across types.
    await withCorpus(async ({ items }) => {
      const seen: string[] = [];
      let filter: Document = {};
      for (;;) {
        const [document] = await items.find(filter, { sort: { _id: 1 }, limit: 1, ...RAW_TYPES }).toArray();
        if (document === undefined) break;
        seen.push(text(document._id));
        filter = { $expr: { $gt: ['$_id', { $literal: document._id }] } };
      }
      expect(seen).toEqual(ORDERED.map(text));
    });
  });

  test('can be paged through by $gt within one type only', async () => {
    await withCorpus(async ({ items }) => {
      const strings = await items.find({ _id: { $gt: 'a' } }, { sort: { _id: 1 } }).toArray();
      expect(strings.map(({ _id }) => _id as unknown)).toEqual(['a\u0000b', 'a\u0001', 'ab', 'z', 'é', '\uFFFD', '😀']);
      const dates = await items.find({ _id: { $lt: new Date(0) } }).toArray();
      expect(dates).toHaveLength(2);
    });
  });

  test('is found once by equality', async () => {
    await withCorpus(async ({ items }) => {
      for (const value of ORDERED) {
        const found = await items.find({ _id: { $eq: value } }, RAW_TYPES).toArray();
        expect(found.map(({ _id }) => text(_id))).toEqual([text(value)]);
      }
    });
  });
});

describe('numbers that are equal', () => {
  const equals: readonly (readonly Id[])[] = [
    [new Int32(1), Long.fromNumber(1), new Double(1), Decimal128.fromString('1'), Decimal128.fromString('1.00')],
    [new Int32(0), new Double(-0), Decimal128.fromString('-0'), Decimal128.fromString('0E+3')],
    [Long.fromString('9007199254740992'), new Double(9007199254740992), Decimal128.fromString('9007199254740992')],
    [new Double(0.5), Decimal128.fromString('0.50')],
    [new Double(Number.NaN), Decimal128.fromString('NaN')],
  ];
  for (const group of equals) {
    test(`are one _id: ${group.map(String).join(', ')}`, async () => {
      for (const stored of group) {
        await using scratch = freshDatabase(server().client);
        await scratch.items.insertOne({ _id: stored });
        for (const other of group) {
          const failure = await failureOf(scratch.items.insertOne({ _id: other }));
          expect(failure.code).toBe(11000);
          expect(await scratch.items.countDocuments({ _id: other })).toBe(1);
        }
        const found = await scratch.items.findOne({}, RAW_TYPES);
        expect(text(found?._id)).toBe(text(stored));
      }
    });
  }

  test('are not equal if a double cannot represent the integer', async () => {
    await using scratch = freshDatabase(server().client);
    const values = [
      Long.fromString('9007199254740993'),
      new Double(9007199254740992),
      Decimal128.fromString('0.1'),
      new Double(0.1),
    ];
    await scratch.items.insertMany(values.map((value) => ({ _id: value })));
    expect(await scratch.items.countDocuments()).toBe(4);
  });
});

describe('an _id is refused', () => {
  test('that is an array, undefined or a regular expression', async () => {
    // Source: manual, "The _id Field": any BSON type other than an array, regex or undefined; error 53 InvalidIdField.
    await using scratch = freshDatabase(server().client);
    for (const value of [[1], /x/]) {
      const reply = await scratch.db.command({ insert: 'items', documents: [{ _id: value }] });
      expect([2, 53]).toContain(reply['writeErrors']?.[0].code);
    }
  });

  test('that an update changes', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1 });
    expect((await failureOf(scratch.items.updateOne({ _id: 1 }, { $set: { _id: 2 } }))).code).toBe(66);
    const command = { update: 'items', updates: [{ q: { _id: 1 }, u: { _id: 2, a: 1 } }] };
    const reply = await scratch.db.command(command);
    expect(reply['writeErrors'][0].code).toBe(66);
  });
});
