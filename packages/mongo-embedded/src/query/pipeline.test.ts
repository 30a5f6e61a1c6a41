import { rawValue } from '@emcachers/bson/raw-value';
import { BSON, Decimal128, Long, ObjectId } from 'bson';
import { describe, expect, test } from 'vitest';
import { withoutPauses } from '../testing/without-pauses.ts';
import { compilePipeline } from './pipeline.ts';
import { itemsOf } from './raw-document.ts';
import { commandVariables } from './variables.ts';

const documents = [
  { _id: 1, kind: 'a', n: 1, tags: ['x', 'y'] },
  { _id: 2, kind: 'b', n: 2, tags: [] },
  { _id: 3, kind: 'a', n: 5 },
];

const others: Readonly<Record<string, readonly BSON.Document[]>> = {
  kinds: [
    { _id: 'a', name: 'Alpha' },
    { _id: 'b', name: 'Beta' },
  ],
};
const variables = commandVariables({
  nowMs: 0,
  clusterTime: { seconds: 1, increment: 1 },
  letDocument: BSON.serialize({ least: { $literal: 2 } }),
});

function run(stages: readonly BSON.Document[], source: readonly BSON.Document[] = documents): BSON.Document[] {
  const pipeline = compilePipeline(itemsOf(rawValue(4, BSON.serialize({ ...stages }))), {
    variables,
    documents: (name) => (others[name] ?? []).map((document) => BSON.serialize(document)),
  });
  return Array.from(withoutPauses(pipeline.run(source.map((document) => BSON.serialize(document)))), (document) =>
    BSON.deserialize(document),
  );
}

function compute(expression: unknown, document: BSON.Document = {}): unknown {
  const [result = {}] = run([{ $project: { _id: 0, v: expression } }], [document]);
  return result['v'];
}

function codeOf(stages: readonly BSON.Document[]): number | undefined {
  try {
    run(stages);
  } catch (error) {
    return (error as { code: number }).code;
  }
  return undefined;
}

/** Manual: each stage's page. */
const pipelines: readonly (readonly [
  title: string,
  stages: readonly BSON.Document[],
  result: readonly BSON.Document[],
])[] = [
  [
    '$match, $sort, $skip, $limit',
    [{ $match: { n: { $gt: 1 } } }, { $sort: { n: -1 } }, { $skip: 1 }, { $limit: 1 }, { $project: { n: 1 } }],
    [{ _id: 2, n: 2 }],
  ],
  [
    '$group',
    [
      {
        $group: {
          _id: '$kind',
          sum: { $sum: '$n' },
          all: { $push: '$n' },
          mean: { $avg: '$n' },
          count: { $count: {} },
        },
      },
    ],
    [
      { _id: 'a', sum: 6, all: [1, 5], mean: 3, count: 2 },
      { _id: 'b', sum: 2, all: [2], mean: 2, count: 1 },
    ],
  ],
  [
    '$unwind',
    [{ $unwind: { path: '$tags', includeArrayIndex: 'i' } }, { $project: { tags: 1, i: 1 } }],
    [
      { _id: 1, tags: 'x', i: 0 },
      { _id: 1, tags: 'y', i: 1 },
    ],
  ],
  [
    '$unwind that keeps what is empty',
    [{ $unwind: { path: '$tags', preserveNullAndEmptyArrays: true } }, { $count: 'n' }],
    [{ n: 4 }],
  ],
  [
    '$lookup',
    [
      { $limit: 1 },
      { $lookup: { from: 'kinds', localField: 'kind', foreignField: '_id', as: 'found' } },
      { $project: { found: 1 } },
    ],
    [{ _id: 1, found: [{ _id: 'a', name: 'Alpha' }] }],
  ],
  [
    '$lookup with a pipeline',
    [
      { $limit: 1 },
      {
        $lookup: {
          from: 'kinds',
          let: { k: '$kind' },
          pipeline: [{ $match: { $expr: { $ne: ['$_id', '$$k'] } } }],
          as: 'rest',
        },
      },
      { $project: { rest: 1 } },
    ],
    [{ _id: 1, rest: [{ _id: 'b', name: 'Beta' }] }],
  ],
  [
    '$addFields, $unset, $replaceWith',
    [
      { $limit: 1 },
      { $addFields: { 'm.x': { $add: ['$n', 1] } } },
      { $unset: 'tags' },
      { $replaceWith: { whole: '$$ROOT' } },
    ],
    [{ whole: { _id: 1, kind: 'a', n: 1, m: { x: 2 } } }],
  ],
  [
    '$sortByCount',
    [{ $sortByCount: '$kind' }],
    [
      { _id: 'a', count: 2 },
      { _id: 'b', count: 1 },
    ],
  ],
  [
    '$bucket',
    [{ $bucket: { groupBy: '$n', boundaries: [0, 2, 4], default: 'more' } }],
    [
      { _id: 0, count: 1 },
      { _id: 2, count: 1 },
      { _id: 'more', count: 1 },
    ],
  ],
  [
    '$facet',
    [{ $facet: { all: [{ $count: 'n' }], first: [{ $limit: 1 }, { $project: { _id: 1 } }] } }],
    [{ all: [{ n: 3 }], first: [{ _id: 1 }] }],
  ],
  [
    '$unionWith',
    [
      { $match: { _id: 1 } },
      { $unionWith: { coll: 'kinds', pipeline: [{ $match: { _id: 'a' } }] } },
      { $project: { _id: 1 } },
    ],
    [{ _id: 1 }, { _id: 'a' }],
  ],
  ['$redact', [{ $redact: { $cond: [{ $eq: ['$kind', 'a'] }, '$$KEEP', '$$PRUNE'] } }, { $count: 'n' }], [{ n: 2 }]],
  ['the variables of let', [{ $match: { $expr: { $gte: ['$n', '$$least'] } } }, { $count: 'n' }], [{ n: 2 }]],
  ['$documents', [{ $documents: [{ a: 1 }, { a: 2 }] }], [{ a: 1 }, { a: 2 }]],
];

/** Manual: each operator's page. */
const expressions: readonly (readonly [expression: unknown, result: unknown])[] = [
  [{ $add: [1, 2.5] }, 3.5],
  [{ $add: [Long.fromString('9223372036854775807'), 1] }, 2 ** 63],
  [{ $subtract: [new Date(10), new Date(4)] }, 6],
  [{ $divide: [7, 2] }, 3.5],
  [{ $mod: [-7, 3] }, -1],
  [{ $round: [2.5, 0] }, 2],
  [{ $toString: Decimal128.fromString('1.50') }, '1.50'],
  [{ $concat: ['a', 'b', { $toString: 3 }] }, 'ab3'],
  [{ $concat: ['a', null] }, null],
  [{ $substrCP: ['aé😀b', 1, 2] }, 'é😀'],
  [{ $split: ['a,b', ','] }, ['a', 'b']],
  [{ $trim: { input: '  x ' } }, 'x'],
  [{ $regexFind: { input: 'abc', regex: 'b(c)' } }, { match: 'bc', idx: 1, captures: ['c'] }],
  [{ $cond: [{ $gt: ['x', 5] }, 'yes', 'no'] }, 'yes'],
  [{ $ifNull: [null, '$missing', 'z'] }, 'z'],
  [
    {
      $switch: {
        branches: [
          Object.fromEntries([
            ['case', false],
            ['then', 1],
          ]),
        ],
        default: 2,
      },
    },
    2,
  ],
  [{ $map: { input: [1, 2], as: 'i', in: { $multiply: ['$$i', 10] } } }, [10, 20]],
  [{ $filter: { input: [1, 2, 3], cond: { $gte: ['$$this', 2] } } }, [2, 3]],
  [{ $reduce: { input: ['a', 'b'], initialValue: '', in: { $concat: ['$$value', '$$this'] } } }, 'ab'],
  [{ $slice: [[1, 2, 3], -2] }, [2, 3]],
  [{ $arrayElemAt: [[1, 2, 3], -1] }, 3],
  [
    {
      $setUnion: [
        [2, 1],
        [1, 3],
      ],
    },
    [1, 2, 3],
  ],
  [{ $mergeObjects: [{ a: 1, b: 1 }, { b: 2 }] }, { a: 1, b: 2 }],
  [{ $objectToArray: { a: 1 } }, [{ k: 'a', v: 1 }]],
  [{ $arrayToObject: [[['a', 1]]] }, { a: 1 }],
  [{ $getField: { field: 'a.b', input: { $setField: { field: 'a.b', input: {}, value: 7 } } } }, 7],
  [{ $type: '$missing' }, 'missing'],
  [{ $convert: { input: 'x', to: 'int', onError: -1 } }, -1],
  [{ $toInt: '42' }, 42],
  [{ $toDate: new ObjectId('000000010000000000000000') }, new Date(1000)],
  [{ $dateToString: { date: new Date(0), format: '%Y-%m-%d %H:%M:%S.%L%z' } }, '1970-01-01 00:00:00.000+0000'],
  [
    { $dateAdd: { startDate: new Date('2024-01-31T00:00:00Z'), unit: 'month', amount: 1 } },
    new Date('2024-02-29T00:00:00Z'),
  ],
  [{ $dateTrunc: { date: new Date('2024-05-17T13:00:00Z'), unit: 'month' } }, new Date('2024-05-01T00:00:00Z')],
  [{ $isoWeek: new Date('2021-01-03T00:00:00Z') }, 53],
  [{ $in: [2, [1, 2]] }, true],
  [{ $max: [[1, 7, 3]] }, 7],
  [{ $sortArray: { input: [3, 1, 2], sortBy: -1 } }, [3, 2, 1]],
];

describe('pipelines', () => {
  for (const [title, stages, result] of pipelines) {
    test(title, () => expect(run(stages)).toEqual(result));
  }

  test('expressions compute what the manual says', () => {
    for (const [expression, result] of expressions)
      expect([expression, compute(expression)]).toEqual([expression, result]);
  });

  test('a path through an array gives the array of what is there', () => {
    expect(compute('$a.b', { a: [{ b: 1 }, {}, { b: 3 }, 4] })).toEqual([1, 3]);
    expect(compute('$a.b', { a: 5 })).toBeUndefined();
  });

  test('what is unknown or not here is refused with the code of MongoDB', () => {
    expect(codeOf([{ $nonsense: 1 }])).toBe(40324);
    expect(codeOf([{ $out: 'x' }])).toBe(115);
    expect(codeOf([{ $match: {}, $limit: 1 }])).toBe(40323);
    expect(codeOf([{ $limit: 0 }])).toBe(15958);
    expect(codeOf([{ $group: { n: { $sum: 1 } } }])).toBe(15955);
    expect(codeOf([{ $group: { _id: 1, n: { $nonsense: 1 } } }])).toBe(15952);
    expect(codeOf([{ $addFields: { a: { $divide: [1, 0] } } }])).toBe(2);
    expect(codeOf([{ $addFields: { a: '$$unknown' } }])).toBe(17276);
  });
});
