import { Binary, BSON, BSONRegExp, Decimal128, Int32, Long, MaxKey, MinKey, ObjectId } from 'bson';
import { describe, expect, test } from 'vitest';
import { compileFilter } from './filter.ts';
import { type IdBounds, isWithin } from './id-bounds.ts';
import { orderKey } from './order-key.ts';
import { idOf } from './raw-document.ts';

function matches(filter: BSON.Document, document: BSON.Document): boolean {
  return compileFilter(BSON.serialize(filter)).matches(BSON.serialize(document));
}

function refusal(filter: BSON.Document): { code: number; message: string } {
  try {
    compileFilter(BSON.serialize(filter, { ignoreUndefined: false }));
  } catch (error) {
    return { code: (error as { code: number }).code, message: (error as Error).message };
  }
  throw new Error('the filter was accepted');
}

/** Manual pages "Query Arrays", "Query for Null or Missing Fields" and those of each operator; jstests/core/query of mongodb/mongo. */
const cases: readonly (readonly [
  title: string,
  filter: BSON.Document,
  yes: readonly BSON.Document[],
  no: readonly BSON.Document[],
])[] = [
  [
    'equality crosses number types',
    { a: 1 },
    [{ a: Long.ONE }, { a: Decimal128.fromString('1.00') }, { a: [3, 1] }],
    [{ a: '1' }, { a: true }, {}],
  ],
  [
    'long integers are exact',
    { a: Long.fromString('9007199254740993') },
    [{ a: Decimal128.fromString('9007199254740993') }],
    [{ a: 2 ** 53 }],
  ],
  ['null finds missing', { a: null }, [{}, { a: null }, { a: [1, null] }], [{ a: 0 }, { a: [] }]],
  [
    'null below an array of scalars finds nothing',
    { 'a.b': null },
    [{}, { a: 1 }, { a: {} }, { a: [{}] }],
    [{ a: [1] }, { a: [] }],
  ],
  [
    'ranges keep to their type',
    { a: { $gt: 5 } },
    [{ a: 6 }, { a: [1, 9] }],
    [{ a: 'x' }, { a: 5 }, { a: Number.NaN }, {}],
  ],
  ['$lte does not find NaN', { a: { $lte: 5 } }, [{ a: -1 }], [{ a: Number.NaN }, { a: null }]],
  [
    'MinKey and MaxKey stand beside all types',
    { a: { $gt: new MinKey(), $lt: new MaxKey() } },
    [{ a: 1 }, { a: 'x' }],
    [{ a: new MinKey() }],
  ],
  [
    'whole documents compare with field order',
    { a: { x: 1, y: 2 } },
    [{ a: { x: 1, y: 2 } }],
    [{ a: { y: 2, x: 1 } }, { a: { x: 1, y: 2, z: 3 } }],
  ],
  ['whole arrays or any item', { a: [1, 2] }, [{ a: [1, 2] }, { a: [[1, 2]] }], [{ a: [2, 1] }]],
  [
    'dotted paths enter arrays',
    { 'a.b': 2 },
    [{ a: { b: 2 } }, { a: [{ b: 1 }, { b: 2 }] }, { a: [{ b: [2] }] }],
    [{ a: [[{ b: 2 }]] }],
  ],
  ['positions', { 'a.1.b': 2 }, [{ a: [{ b: 1 }, { b: 2 }] }, { a: { 1: { b: 2 } } }], [{ a: [{ b: 2 }] }]],
  [
    '$in with null, numbers and expressions',
    { a: { $in: [null, 2, new BSONRegExp('^x')] } },
    [{}, { a: Long.fromNumber(2) }, { a: 'xy' }],
    [{ a: 'y' }, { a: 3 }],
  ],
  ['$nin and $ne', { a: { $nin: [1, 2], $ne: 3 } }, [{}, { a: 4 }], [{ a: [3] }, { a: 1 }]],
  ['$not', { a: { $not: { $gt: 5 } } }, [{}, { a: 5 }, { a: 'x' }], [{ a: 6 }]],
  ['$exists', { a: { $exists: true }, b: { $exists: false } }, [{ a: null }, { a: [] }], [{}, { a: 1, b: null }]],
  [
    '$type by name, number and list',
    { a: { $type: ['number', 2] } },
    [{ a: 1 }, { a: 'x' }, { a: [true, 1] }],
    [{ a: true }, {}],
  ],
  ['$type array', { a: { $type: 'array' } }, [{ a: [] }], [{ a: 1 }]],
  ['$size', { a: { $size: 2 } }, [{ a: [1, 2] }], [{ a: [[1, 2]] }, { a: 2 }]],
  ['$all', { a: { $all: [1, 2] } }, [{ a: [2, 3, 1] }], [{ a: [1] }, { a: 1 }]],
  ['$elemMatch on items', { a: { $elemMatch: { $gt: 1, $lt: 3 } } }, [{ a: [0, 2] }], [{ a: [0, 4] }, { a: 2 }]],
  [
    '$elemMatch on documents',
    { a: { $elemMatch: { x: 1, y: 2 } } },
    [{ a: [{ x: 1, y: 2 }] }],
    [{ a: [{ x: 1 }, { y: 2 }] }],
  ],
  ['$mod', { a: { $mod: [4, 1] } }, [{ a: 5 }, { a: Long.fromNumber(9) }], [{ a: 4 }, { a: '5' }]],
  ['$regex with options', { a: { $regex: '^AB.', $options: 'i' } }, [{ a: 'abc' }, { a: ['x', 'abc'] }], [{ a: 'ab' }]],
  ['a PCRE inline flag', { a: new BSONRegExp('(?i)abc') }, [{ a: 'xABC' }], [{ a: 'x' }]],
  [
    '$bitsAllSet and $bitsAnyClear',
    { a: { $bitsAllSet: [0, 2], $bitsAnyClear: 2 } },
    [{ a: 5 }, { a: new Binary(Uint8Array.of(5)) }],
    [{ a: 7 }, { a: 4 }],
  ],
  [
    '$and, $or, $nor',
    { $and: [{ $or: [{ a: 1 }, { b: 1 }] }, { $nor: [{ c: 1 }] }] },
    [{ a: 1 }, { b: 1, c: 2 }],
    [{ a: 1, c: 1 }, {}],
  ],
  [
    '$expr compares across types',
    { $expr: { $gt: ['$a', { $literal: 5 }] } },
    [{ a: 6 }, { a: 'x' }, { a: [1] }],
    [{ a: 5 }, {}],
  ],
];

describe('filters', () => {
  for (const [title, filter, yes, no] of cases) {
    test(title, () => {
      for (const document of yes) expect([document, matches(filter, document)]).toEqual([document, true]);
      for (const document of no) expect([document, matches(filter, document)]).toEqual([document, false]);
    });
  }

  test('what MongoDB refuses is refused with its code', () => {
    expect(refusal({ a: { $foo: 1 } })).toEqual({ code: 2, message: 'unknown operator: $foo' });
    expect(refusal({ $foo: 1 }).code).toBe(2);
    expect(refusal({ $or: [] })).toEqual({ code: 2, message: '$and/$or/$nor must be a nonempty array' });
    expect(refusal({ a: { $in: 1 } })).toEqual({ code: 2, message: '$in needs an array' });
    expect(refusal({ $expr: { $nope: 1 } })).toEqual({ code: 168, message: "Unrecognized expression '$nope'" });
    expect(refusal({ a: { $regex: '(?<=a' } }).code).toBe(51091);
  });

  test('the position of the match is known for the positional operator', () => {
    const filter = compileFilter(BSON.serialize({ 'a.b': 2 }));
    expect(filter.trace(BSON.serialize({ a: [{ b: 1 }, { b: 2 }] }))).toEqual({ position: 1 });
    expect(filter.trace(BSON.serialize({ a: { b: 2 } }))).toEqual({ position: -1 });
    expect(filter.trace(BSON.serialize({ a: 1 }))).toBeNull();
  });

  const ids: readonly unknown[] = [
    new MinKey(),
    null,
    Number.NaN,
    Number.NEGATIVE_INFINITY,
    new Int32(1),
    Long.fromNumber(5),
    Decimal128.fromString('5.5'),
    'a',
    'b',
    { a: 1 },
    new ObjectId(),
    true,
    new Date(0),
    new MaxKey(),
  ];
  const bounded: readonly BSON.Document[] = [
    { _id: 5 },
    { _id: { $in: [1, 'a', null] } },
    ...['$gt', '$gte', '$lt', '$lte'].flatMap((name) => ids.map((id) => ({ _id: { [name]: id } }))),
    ...['$gt', '$gte', '$lt', '$lte', '$eq'].flatMap((name) =>
      ids.map((id) => ({ $expr: { [name]: ['$_id', { $literal: id }] } })),
    ),
    { _id: { $gt: 1, $lte: Decimal128.fromString('5.5') } },
    { $or: [{ _id: 1 }, { _id: 'b' }] },
  ];

  const isInside = ({ points, range }: IdBounds, document: Uint8Array): boolean => {
    const id = idOf(document);
    if (id === undefined) throw new Error('the document has no _id');
    const key = orderKey(id);
    return points === null ? isWithin(range, key) : points.some((point) => point.equals(key));
  };

  test('bounds on _id decide exactly as the filter itself', () => {
    for (const filter of bounded) {
      const compiled = compileFilter(BSON.serialize(filter));
      const { idBounds } = compiled;
      if (idBounds === null) throw new Error('the filter has no bounds');
      expect([filter, idBounds.isExact]).toEqual([filter, true]);
      for (const id of ids) {
        const document = BSON.serialize({ _id: id });
        expect([filter, id, isInside(idBounds, document)]).toEqual([filter, id, compiled.matches(document)]);
      }
    }
  });

  test('other conditions keep the bounds but are not exact, and an unbounded branch drops them', () => {
    expect(compileFilter(BSON.serialize({ _id: 5, a: 1 })).idBounds?.isExact).toBe(false);
    expect(compileFilter(BSON.serialize({ $or: [{ _id: 5 }, { a: 1 }] })).idBounds).toBeNull();
  });
});
