import { Decimal128, type Document, deserialize, Long, serialize } from 'bson';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planScan } from '../cursor/scan-plan.ts';
import { type CompiledFilter, compileFilter } from '../query/filter.ts';
import { Transaction } from '../session/transaction.ts';
import { scratchStore, stored } from '../testing/scratch-store.ts';
import type { Collection } from './catalog.ts';
import type { DocumentAccess } from './document-access.ts';
import { planIndex } from './index-plan.ts';
import type { Store } from './store.ts';

const scalar = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 4 }) },
  fc.constantFrom(
    null,
    1.5,
    Number.NaN,
    Long.fromNumber(2),
    Decimal128.fromString('3'),
    true,
    'a',
    'b',
    '',
    new Date(3),
  ),
  fc.record({ b: fc.integer({ min: 0, max: 3 }) }, { requiredKeys: [] }),
);
const value = fc.oneof(
  { weight: 3, arbitrary: scalar },
  fc.array(scalar, { maxLength: 3 }),
  fc.array(fc.array(scalar, { maxLength: 2 }), { maxLength: 2 }),
);
const nested = fc.record({ b: value, c: value }, { requiredKeys: [] });
const document = fc.record(
  { a: fc.oneof(value, nested, fc.array(nested, { maxLength: 3 })), d: value, e: scalar },
  { requiredKeys: [] },
);

const path = fc.constantFrom('a', 'a.b', 'a.c', 'd', 'e', 'a.0', '_id');
const key = fc.uniqueArray(fc.tuple(path, fc.constantFrom(1, -1)), {
  minLength: 1,
  maxLength: 3,
  selector: ([name]) => name,
});
const partial = fc.constantFrom(
  {},
  { e: { $gt: 1 } },
  { e: 2 },
  { d: null },
  { e: { $exists: true } },
  { e: { $lte: 3 } },
);
const index = fc.record({
  key,
  sparse: fc.boolean(),
  partial: fc.oneof(fc.constant(null), fc.constant(null), partial),
});

const comparison = fc.oneof(
  scalar,
  value,
  fc.record({ $in: fc.array(value, { maxLength: 3 }) }),
  fc.record(
    { $gt: scalar, $gte: scalar, $lt: scalar, $lte: scalar, $eq: value, $ne: scalar, $exists: fc.boolean() },
    { requiredKeys: [] },
  ),
  fc.record({ $all: fc.array(scalar, { minLength: 1, maxLength: 2 }) }),
  fc.record({ $elemMatch: fc.record({ $gte: scalar, $lt: scalar }) }),
);
const condition = fc.dictionary(path, comparison, { minKeys: 1, maxKeys: 3 });
const filter = fc.oneof(
  { weight: 4, arbitrary: condition },
  fc.record({ $and: fc.array(condition, { minLength: 1, maxLength: 2 }) }),
  fc.record({ $or: fc.array(condition, { minLength: 1, maxLength: 2 }) }),
);

/** More by hand: `INDEX_PLAN_RUNS=20000`. */
const runs = Number(process.env['INDEX_PLAN_RUNS'] ?? 200);

interface World {
  readonly access: DocumentAccess;
  readonly collection: Collection;
}

/** Two arrays in one index, and a document that changed outside the transaction: refused, as they must be. */
const refusals: readonly unknown[] = [171, 112];

function attempt(write: () => void): void {
  try {
    write();
  } catch (error) {
    if (!refusals.includes((error as { code?: unknown }).code)) throw error;
  }
}

function put({ access, collection }: World, _id: number, fields: Document): void {
  const form = stored({ _id, ...fields });
  const found = access.get(collection, form.key);
  attempt(() => {
    if (found === undefined) access.insert(collection, form, access.stamp());
    else access.replace(collection, found, { document: form.bytes, kind: 'replace', updateDescription: null });
  });
}

function remove({ access, collection }: World, _id: number): void {
  const found = access.get(collection, stored({ _id }).key);
  if (found !== undefined) attempt(() => access.remove(collection, found));
}

/** The `_id`s of the matches, each as often as the scan shows it. */
function idsOf({ access, collection }: World, wanted: CompiledFilter, usesIndex: boolean): number[] {
  const plan = usesIndex
    ? planScan(collection, wanted, { order: 'any' })
    : { keys: null, range: null, isDescending: false };
  const reader = access.pages(collection, plan);
  const ids: number[] = [];
  for (
    let page = reader.next({ rows: 3, bytes: 1_000 });
    page !== null;
    page = reader.next({ rows: 3, bytes: 1_000 })
  ) {
    for (const each of page) if (wanted.matches(each.document)) ids.push(deserialize(each.document)['_id']);
  }
  return ids.sort((left, right) => left - right);
}

function compiled(query: Document): CompiledFilter | null {
  try {
    return compileFilter(serialize(query));
  } catch {
    return null;
  }
}

const change = fc.tuple(fc.integer({ min: 0, max: 14 }), fc.option(document));
const history = fc.record({
  indexes: fc.array(index, { minLength: 1, maxLength: 3 }),
  documents: fc.array(document, { minLength: 5, maxLength: 12 }),
  outside: fc.array(change, { maxLength: 6 }),
  inside: fc.array(change, { maxLength: 6 }),
});

type History = typeof history extends fc.Arbitrary<infer Value> ? Value : never;

function addIndexes(store: Store, collection: Collection, wanted: History['indexes']): void {
  for (const [position, { key: pattern, sparse, partial: expression }] of wanted.entries()) {
    const options = {
      ...(sparse ? { sparse } : {}),
      ...(expression === null ? {} : { partialFilterExpression: expression }),
    };
    const specification = serialize({ v: 2, key: Object.fromEntries(pattern), name: `index ${position}`, ...options });
    store.catalog.createIndex(collection, Buffer.from(specification), { isReady: true });
  }
}

function apply(world: World, changes: History['outside']): void {
  for (const [id, fields] of changes) {
    if (fields === null) remove(world, id);
    else put(world, id, fields);
  }
}

test('a scan by an index finds what a scan of the whole collection finds, also inside a transaction', () => {
  let planned = 0;
  let collections = 0;
  // One store for all runs: opening one costs more than a run.
  using scratch = scratchStore();
  const { access, store, locks } = scratch;
  const filters = fc.array(filter, { minLength: 5, maxLength: 10 });
  fc.assert(
    fc.property(history, filters, (given, queries) => {
      collections += 1;
      const collection = access.collectionForWrite('shop', `items${collections}`);
      const outside = { access, collection };
      addIndexes(store, collection, given.indexes);
      apply(outside, [...given.documents.entries()]);
      const identity = { lsid: Buffer.from([5, 0, 0, 0, 0]), txnNumber: 1n, startedMs: 0 };
      const transaction = new Transaction(identity, { store, locks });
      apply(outside, given.outside);
      const inside = { access: transaction.access, collection };
      apply(inside, given.inside);
      for (const wanted of queries.map(compiled).filter((each) => each !== null)) {
        if (planIndex(collection.indexes, wanted) !== null) planned += 1;
        expect(idsOf(outside, wanted, true)).toEqual(idsOf(outside, wanted, false));
        expect(idsOf(inside, wanted, true)).toEqual(idsOf(inside, wanted, false));
      }
      transaction.end();
    }),
    { numRuns: runs },
  );
  expect(planned).toBeGreaterThan(runs / 2);
});
