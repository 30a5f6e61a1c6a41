import type { ShapeFilter } from '@emcachers/core/shape-filter';
import { filterProblem } from '@emcachers/core/shape-filter';
import { createMongoServer } from '@emcachers/mongo-embedded';
import { Decimal128, Double, Int32, Long, ObjectId, serialize, Timestamp } from 'bson';
import fc from 'fast-check';
import { MongoClient } from 'mongodb';
import { expect, test } from 'vitest';
import { canonicalFilter, compileShapeFilter } from './document-filter.ts';
import { filterOfExtendedJson } from './extended-json.ts';

/** Values that compare in ways one may not expect: numbers of different types, null and missing, arrays, dates. */
const values: readonly unknown[] = [
  null,
  0,
  -0,
  1,
  2.5,
  Number.NaN,
  new Int32(1),
  new Double(1),
  Long.fromString('9007199254740993'),
  Decimal128.fromString('1'),
  Decimal128.fromString('0.1'),
  new Double(0.1),
  '',
  'a',
  'B',
  true,
  false,
  new Date(0),
  new Date(-1),
  new Timestamp({ t: 1, i: 1 }),
  new ObjectId('65f0a1b2c3d4e5f601234567'),
  {},
  { b: 1 },
  { b: null },
  [],
  [1],
  [1, 'a'],
  [[1]],
  [{ b: 1 }, { b: 2 }],
];
const documents = [{}, ...values.map((a) => ({ a })), ...values.map((b) => ({ a: { b } }))];

const operand = fc.constantFrom<unknown>(
  null,
  0,
  1,
  2,
  2.5,
  'a',
  '',
  true,
  { $numberDecimal: '1.0' },
  { $numberDecimal: '0.1' },
  { $numberLong: '9007199254740993' },
  { $numberDouble: 'NaN' },
  { $date: '1970-01-01T00:00:00Z' },
  { $oid: '65f0a1b2c3d4e5f601234567' },
  { b: 1 },
  [1],
  [],
);
const comparison = fc
  .tuple(fc.constantFrom('$eq', '$ne', '$gt', '$gte', '$lt', '$lte'), operand)
  .map(([name, value]) => ({ [name]: value }));
const condition: fc.Arbitrary<unknown> = fc.oneof(
  operand,
  comparison,
  fc.tuple(fc.constantFrom('$in', '$nin', '$all'), fc.array(operand, { maxLength: 3 })).map(([n, v]) => ({ [n]: v })),
  fc.boolean().map((value) => ({ $exists: value })),
  fc.constantFrom('string', 'number', 'null', 'array', 'object', 'date').map((value) => ({ $type: value })),
  fc.integer({ min: 0, max: 2 }).map((value) => ({ $size: value })),
  comparison.map((value) => ({ $not: value })),
  comparison.map((value) => ({ $elemMatch: value })),
  comparison.map((value) => ({ $elemMatch: { b: value } })),
  fc.constant({ $mod: [2, 1] }),
);
const field = fc
  .tuple(fc.constantFrom('a', 'a.b', 'a.0', 'a.b.c'), condition)
  .map(([path, value]) => ({ [path]: value }));
const filter: fc.Arbitrary<ShapeFilter> = fc.oneof(
  field,
  fc
    .tuple(fc.constantFrom('$and', '$or', '$nor'), fc.array(field, { minLength: 1, maxLength: 3 }))
    .map(([name, parts]) => ({ [name]: parts })),
);

test('lets through exactly the documents that MongoDB finds, whatever the types', async () => {
  const server = createMongoServer({ memory: true });
  const { url } = await server.start();
  const mongo = new MongoClient(url);
  try {
    const items = mongo.db('shop').collection<{ _id: Int32 }>('items');
    await items.insertMany(documents.map((document, index) => ({ _id: new Int32(index), ...document })));
    await items.createIndex({ a: 1 });
    const raw = documents.map((document, index) => serialize({ _id: new Int32(index), ...document }));
    await fc.assert(
      fc.asyncProperty(filter, async (where) => {
        expect(filterProblem(where)).toBeNull();
        const canonical = canonicalFilter(where);
        const found = await items.find(filterOfExtendedJson(canonical)).sort({ _id: 1 }).toArray();
        for (const given of [where, canonical]) {
          const { matches } = compileShapeFilter(given);
          const matching = raw.flatMap((document, index) => (matches(document) ? [index] : []));
          expect(matching).toEqual(found.map(({ _id }) => _id));
        }
      }),
      { numRuns: 300 },
    );
  } finally {
    await mongo.close();
    await server.stop();
  }
});

test.each([
  [{ a: { $size: -1 } }, 'non-negative'],
  [{ a: { $mod: [0, 1] } }, 'divisor cannot be 0'],
  [{ a: { $type: 'nothing' } }, 'nothing'],
  [{ a: { $oid: 'no ObjectId' } }, 'hex'],
])('refuses %j with the field at fault', (where, reason) => {
  const detail = expect.stringContaining(reason);
  const fields = [{ path: ['where'], message: detail }];
  expect(() => compileShapeFilter(where)).toThrow(expect.objectContaining({ code: 'EMC-2010', detail, fields }));
});
