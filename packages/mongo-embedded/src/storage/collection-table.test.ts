import { deserialize } from 'bson';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { everyKey } from '../query/id-bounds.ts';
import { scratchStore, stored } from '../testing/scratch-store.ts';
import type { StoredDocument } from './collection-table.ts';
import { rangeAfter } from './table-pages.ts';

const ids = fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { maxLength: 30 });

/** The `_id`s of all pages; `pageAfter` reads the page after a document. */
function readAll(pageAfter: (last: StoredDocument | undefined) => StoredDocument[]): unknown[] {
  const read: unknown[] = [];
  for (let page = pageAfter(undefined); page.length > 0; page = pageAfter(page.at(-1))) {
    read.push(...page.map(({ document }) => deserialize(document)['_id']));
  }
  return read;
}

test('keeps insertion order by row and the order of _id by key, page by page', () => {
  fc.assert(
    fc.property(ids, fc.integer({ min: 1, max: 7 }), fc.boolean(), (inserted, rows, isDescending) => {
      using scratch = scratchStore();
      const { access } = scratch;
      const { table } = access.collectionForWrite('shop', 'items');
      for (const id of inserted) table.insert(stored({ _id: id }).key, stored({ _id: id }).bytes);
      const limit = { rows, bytes: 1_000_000 };
      const directed = (all: readonly number[]): number[] => (isDescending ? [...all].reverse() : [...all]);
      const byRow = readAll((last) => table.pageByRow(last?.row ?? null, isDescending, limit));
      expect(byRow).toEqual(directed(inserted));
      const byKey = readAll((last) => {
        const range = last === undefined ? everyKey : rangeAfter(everyKey, last.key, isDescending);
        return table.pageByKey(range, isDescending, limit);
      });
      expect(byKey).toEqual(directed([...inserted].sort((a, b) => a - b)));
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
