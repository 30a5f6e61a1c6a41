import { deserialize } from 'bson';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { everyKey } from '../query/id-bounds.ts';
import { scratchStore, stored } from '../testing/scratch-store.ts';
import { rangeAfter } from './table-pages.ts';

const ids = fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { maxLength: 30 });

test('keeps insertion order by row and the order of _id by key, page by page', () => {
  fc.assert(
    fc.property(ids, fc.integer({ min: 1, max: 7 }), fc.boolean(), (inserted, rows, isDescending) => {
      using scratch = scratchStore();
      const { access } = scratch;
      const { table } = access.collectionForWrite('shop', 'items');
      for (const id of inserted) table.insert(stored({ _id: id }).key, stored({ _id: id }).bytes);
      const limit = { rows, bytes: 1_000_000 };
      const byRow: unknown[] = [];
      let page = table.pageByRow(null, isDescending, limit);
      while (page.length > 0) {
        byRow.push(...page.map(({ document }) => deserialize(document)['_id']));
        page = table.pageByRow(page.at(-1)?.row ?? null, isDescending, limit);
      }
      expect(byRow).toEqual(isDescending ? [...inserted].reverse() : inserted);
      const byKey: unknown[] = [];
      let range = everyKey;
      for (
        let keys = table.pageByKey(range, isDescending, limit);
        keys.length > 0;
        keys = table.pageByKey(range, isDescending, limit)
      ) {
        byKey.push(...keys.map(({ document }) => deserialize(document)['_id']));
        range = rangeAfter(range, keys.at(-1)?.key ?? Buffer.alloc(0), isDescending);
      }
      const sorted = [...inserted].sort((a, b) => a - b);
      expect(byKey).toEqual(isDescending ? sorted.reverse() : sorted);
      expect(table.count()).toBe(inserted.length);
    }),
    { numRuns: 50 },
  );
});

test('a page ends where its bytes do, but is never empty for that', () => {
  using scratch = scratchStore();
  const { table } = scratch.access.collectionForWrite('shop', 'items');
  for (const id of [1, 2, 3]) table.insert(stored({ _id: id }).key, stored({ _id: id, pad: 'x'.repeat(1000) }).bytes);
  expect(table.pageByRow(null, false, { rows: 10, bytes: 1 })).toHaveLength(1);
  expect(table.pageByRow(null, false, { rows: 10, bytes: 1500 })).toHaveLength(2);
});

test('counts and sizes stay in step with what is written', () => {
  using scratch = scratchStore();
  const { table } = scratch.access.collectionForWrite('shop', 'items');
  const document = stored({ _id: 1 });
  expect([table.count(), table.dataBytes()]).toEqual([0, 0]);
  table.insert(document.key, document.bytes);
  const found = table.get(document.key);
  if (found === undefined) throw new Error('The document is missing');
  table.replace(found, Buffer.concat([document.bytes, Buffer.alloc(10)]));
  expect([table.count(), table.dataBytes()]).toEqual([1, document.bytes.length + 10]);
  table.remove({ ...found, document: Buffer.alloc(document.bytes.length + 10) });
  expect([table.count(), table.dataBytes()]).toEqual([0, 0]);
});
