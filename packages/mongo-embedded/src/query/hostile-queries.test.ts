import { documentValue, rawValue } from '@emcachers/bson/raw-value';
import { Binary, BSON, BSONRegExp, Code, Decimal128, Long, MaxKey, MinKey, ObjectId, Timestamp } from 'bson';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileEventPipeline } from '../change-stream/event-pipeline.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { withoutPauses } from '../testing/without-pauses.ts';
import { operators } from './expression/operators.ts';
import { compileFilter } from './filter.ts';
import { compilePipeline } from './pipeline.ts';
import { compileProjection } from './projection.ts';
import { itemsOf } from './raw-document.ts';
import { compileSort } from './sort.ts';
import { accumulators } from './stages/accumulators.ts';
import { compileUpdate } from './update/update.ts';
import { validateDocument } from './validate-document.ts';
import { commandVariables } from './variables.ts';

const clusterTime = { seconds: 1, increment: 1 };
const variables = commandVariables({ nowMs: 0, clusterTime });

const names = [
  ...Object.keys(operators),
  ...Object.keys(accumulators),
  ...'$and $or $nor $not $expr $elemMatch $all $size $exists $nin $ne $regex $options $mod $bitsAllSet $comment $where'.split(
    ' ',
  ),
  ...'$set $unset $inc $mul $min $max $rename $push $pull $pullAll $addToSet $pop $bit $currentDate $setOnInsert $each $position $sort $slice'.split(
    ' ',
  ),
  ...'$match $project $addFields $group $unwind $lookup $facet $bucket $redact $replaceRoot $sample $count $unionWith $documents'.split(
    ' ',
  ),
  ...'a b a.b a.0 a.$ a.$[] a.$[x] _id constructor __proto__ toString input as in if then else case branches default from path k v'.split(
    ' ',
  ),
  '',
  '$',
  '.',
];

const scalar = fc.constantFrom<unknown>(
  null,
  0,
  1,
  -1,
  2.5,
  Number.NaN,
  Long.MAX_VALUE,
  Decimal128.fromString('1E+6144'),
  '',
  'a',
  '$a',
  '$$ROOT',
  '$$this',
  '$$nope',
  'constructor',
  true,
  new Date(0),
  new ObjectId(),
  new Timestamp({ t: 1, i: 1 }),
  new Binary(Buffer.from('x')),
  new BSONRegExp('(', 'i'),
  new BSONRegExp('^a'),
  new Code('x', { a: 1 }),
  new MinKey(),
  new MaxKey(),
);

const tree = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    tie('document'),
  ),
  document: fc
    .uniqueArray(fc.tuple(fc.constantFrom(...names), tie('value')), { maxLength: 3, selector: ([name]) => name })
    .map((fields) => new Map(fields)),
}));

const document = tree.document;

const updateOperators =
  '$set $unset $inc $mul $min $max $rename $push $pull $pullAll $addToSet $pop $bit $currentDate $setOnInsert'.split(
    ' ',
  );
const paths = 'a b c a.b a.0 a.0.b a.$ a.$[] a.$[x] a.$[x].b _id b.constructor b.__proto__'.split(' ');

const operatorUpdate = fc
  .uniqueArray(fc.tuple(fc.constantFrom(...updateOperators), fc.constantFrom(...paths), tree.value), {
    minLength: 1,
    maxLength: 3,
    selector: ([name]) => name,
  })
  .map((parts) => new Map(parts.map(([name, path, value]) => [name, new Map([[path, value]])])));

/** Runs it; anything but an error with a code of MongoDB is a defect. */
function onlyMongoFailures(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    if (!(error instanceof MongoFailure)) throw error;
  }
}

function raw(value: ReadonlyMap<string, unknown> | Record<string, unknown>): Uint8Array {
  return BSON.serialize(value);
}

describe('whatever a client sends', () => {
  test('filters, projections and sorts run or are refused with a code', () => {
    fc.assert(
      fc.property(document, document, (spec, data) => {
        const [query, stored] = [raw(spec), raw(data)];
        onlyMongoFailures(() => compileFilter(query, variables).matches(stored));
        onlyMongoFailures(() => validateDocument(compileProjection(query, { variables }).apply(stored)));
        onlyMongoFailures(() => compileSort(query).keyOf(stored));
      }),
      { numRuns: 1000 },
    );
  });

  test('updates run or are refused with a code, and what they make is well formed', () => {
    fc.assert(
      fc.property(fc.oneof(document, operatorUpdate), document, fc.boolean(), (spec, data, isPipeline) => {
        const update = isPipeline ? rawValue(4, raw({ 0: spec })) : documentValue(raw(spec));
        const filters = [raw({ x: { $gt: 0 } })];
        for (const arrayFilters of [[], filters]) {
          onlyMongoFailures(() => {
            const result = compileUpdate({ update, arrayFilters, variables, nowMs: 0, clusterTime }).apply(
              raw(data),
              0,
            );
            validateDocument(result.document);
            if (result.updateDescription !== null) validateDocument(result.updateDescription);
          });
        }
      }),
      { numRuns: 1000 },
    );
  });

  test('pipelines run or are refused with a code', () => {
    const source = [raw({ _id: 1, a: [{ b: 1 }, 2] })];
    fc.assert(
      fc.property(fc.array(document, { maxLength: 2 }), (stages) => {
        const list = itemsOf(rawValue(4, raw({ ...stages })));
        onlyMongoFailures(() => {
          for (const result of withoutPauses(compilePipeline(list, { variables, documents: () => source }).run(source)))
            validateDocument(result);
        });
        onlyMongoFailures(() =>
          compileEventPipeline(list, variables).steps.map((step) => step(source[0] ?? new Uint8Array(0))),
        );
      }),
      { numRuns: 1000 },
    );
  });

  test('expressions run or are refused with a code', () => {
    const root = raw({ _id: 1, a: [{ b: 1 }, 2], b: 'text' });
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(operators)), tree.value, (name, operand) => {
        const stage = rawValue(4, raw({ 0: new Map([['$project', new Map([['v', new Map([[name, operand]])]])]]) }));
        onlyMongoFailures(() => {
          for (const result of withoutPauses(
            compilePipeline(itemsOf(stage), { variables, documents: () => [] }).run([root]),
          ))
            validateDocument(result);
        });
      }),
      { numRuns: 2000 },
    );
  });

  test('bytes that are no document are refused, whatever they are', () => {
    const valid = raw({
      a: 'x',
      b: [1, { c: new Code('y', { d: 1 }) }],
      e: new BSONRegExp('a', 'i'),
      f: new Binary(Buffer.from('12')),
    });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(valid.length - 1), fc.nat(255)), { maxLength: 4 }),
        fc.nat(valid.length),
        (changes, length) => {
          const bytes = Uint8Array.from(valid);
          for (const [at, byte] of changes) bytes[at] = byte;
          onlyMongoFailures(() => {
            const cut = bytes.slice(0, length);
            validateDocument(cut);
            expect(compileFilter(raw({ 'b.c': 1 })).matches(cut)).toBe(false);
          });
        },
      ),
      { numRuns: 2000 },
    );
  });
});
