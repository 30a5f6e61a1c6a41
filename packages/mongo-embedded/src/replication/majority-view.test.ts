import { deserialize, serialize } from 'bson';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planScan } from '../cursor/scan-plan.ts';
import { compileFilter } from '../query/filter.ts';
import type { Collection } from '../storage/catalog.ts';
import type { DocumentAccess } from '../storage/document-access.ts';
import { type ScratchStore, scratchStore, stored } from '../testing/scratch-store.ts';
import { MajorityView } from './majority-view.ts';

const count = 12;
const filter = compileFilter(Buffer.from(serialize({ n: 1 })));

/** `{ _id, n: _id % 3 }`, with an index on `n`. */
function numbered({ access, store }: ScratchStore): Collection {
  const collection = access.collectionForWrite('shop', 'items');
  store.catalog.createIndex(collection, Buffer.from(serialize({ v: 2, key: { n: 1 }, name: 'n_1' })), {
    isReady: true,
  });
  for (let _id = 0; _id < count; _id += 1) access.insert(collection, stored({ _id, n: _id % 3 }), access.stamp());
  store.group.commit();
  return collection;
}

function set(access: DocumentAccess, collection: Collection, document: { _id: number; n: number }): void {
  const { key, bytes } = stored(document);
  const found = access.get(collection, key);
  if (found === undefined) throw new Error('the document is gone');
  access.replace(collection, found, { document: bytes, kind: 'replace', updateDescription: null });
}

/** The `_id`s that match, read by the index; `between` runs after each page. */
function idsByIndex(view: MajorityView, collection: Collection, between: () => void): number[] {
  const plan = planScan(collection, filter, { order: 'any' });
  expect(plan.index?.index.name).toBe('n_1');
  const reader = view.pages(collection, plan);
  const limit = { rows: 2, bytes: 1000 };
  const ids: number[] = [];
  for (let page = reader.next(limit); page !== null; page = reader.next(limit)) {
    ids.push(
      ...page.filter(({ document }) => filter.matches(document)).map(({ document }) => deserialize(document)['_id']),
    );
    between();
  }
  return ids.sort((a, b) => a - b);
}

test('a majority read by an index sees what a majority has', () => {
  const changes = fc.array(fc.record({ _id: fc.nat(count - 1), n: fc.nat(2) }), { maxLength: 20 });
  fc.assert(
    fc.property(changes, changes, (confirmed, unconfirmed) => {
      using scratch = scratchStore();
      const { access, store, locks } = scratch;
      const collection = numbered(scratch);
      const view = new MajorityView(store, locks);
      const expected = new Map(Array.from({ length: count }, (_, _id) => [_id, _id % 3]));
      for (const change of confirmed) {
        set(access, collection, change);
        expected.set(change._id, change.n);
      }
      view.beforeWrite();
      for (const change of unconfirmed) set(access, collection, change);
      const ids = [...expected].filter(([, n]) => n === 1).map(([_id]) => _id);
      expect(idsByIndex(view, collection, () => undefined)).toEqual(ids);
    }),
    { numRuns: 50 },
  );
});

test('a document is not lost if a majority reaches its newest version during the read', () => {
  using scratch = scratchStore();
  const { access, store, locks } = scratch;
  const collection = numbered(scratch);
  const view = new MajorityView(store, locks);
  view.beforeWrite();
  for (const _id of [1, 4, 10]) set(access, collection, { _id, n: 1 });
  expect(idsByIndex(view, collection, () => view.caughtUp())).toEqual([1, 4, 7, 10]);
});
