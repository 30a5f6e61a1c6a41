import { expect, test } from 'vitest';
import { openTestCaches, type Row, until } from '../test/support/test-caches.ts';
import { type CacheChange, type CacheReader, openCache } from './client.ts';

const listen = (cache: CacheReader) => {
  const seen: CacheChange[] = [];
  cache.onChange((change) => seen.push(change));
  const reached = (offset: number) => until(`offset ${offset}`, () => seen.at(-1)?.offset === offset);
  const rows = () => seen.flatMap(({ changes }) => changes.map(({ offset, key, kind }) => [offset, key, kind]));
  return { seen, reached, rows };
};

test('a listener is told each changed row once, in the order of the transactions, with what became of it', async () => {
  await using caches = await openTestCaches();
  const entity = await caches.publish('orders', ['a', 1]);
  using cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
  const { seen, reached, rows } = listen(cache);
  await entity.apply(['b', 2], ['a', 3]);
  await reached(3);
  await entity.apply(['a', null], ['unknown', null]);
  await entity.apply(['b', 4]);
  await reached(6);
  await entity.apply(['a', 5]);
  await reached(7);
  expect(rows()).toEqual([
    [3, 'a', 'updated'],
    [3, 'b', 'inserted'],
    [5, 'a', 'deleted'],
    [6, 'b', 'updated'],
    [7, 'a', 'inserted'],
  ]);
  expect(seen.every(({ complete }) => complete)).toBe(true);
});

test('of many transactions under a listener, no change is missing, repeated or out of order', async () => {
  await using caches = await openTestCaches();
  const entity = await caches.publish('orders', ['a', 1]);
  using cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
  const { seen, reached, rows } = listen(cache);
  const keys = Array.from({ length: 400 }, (_, index) => `key ${index % 7}`);
  for (const [index, key] of keys.entries()) await entity.apply([key, index]);
  await reached(401);
  expect(rows().map(([offset, key]) => [offset, key])).toEqual(keys.map((key, index) => [index + 2, key]));
  expect(seen.every(({ complete }) => complete)).toBe(true);
});

test('the rows that a listener reads are of the change or of a later one', async () => {
  await using caches = await openTestCaches();
  const entity = await caches.publish('orders', ['a', 1]);
  using cache = openCache<{ n: number }>({ dataDir: caches.dataDir, entity: 'orders' });
  const read: boolean[] = [];
  cache.onChange(({ changes }) => {
    for (const { key, offset } of changes) read.push((cache.getByDocId(key)?.n ?? 0) >= offset);
  });
  for (let offset = 2; offset <= 50; offset += 1) await entity.apply(['a', offset]);
  await until('49 changes', () => read.length === 49);
  expect(read).not.toContain(false);
});

test('after a swap, everything is to be read again, and what follows is told by key', async () => {
  await using caches = await openTestCaches();
  const entity = await caches.publish('orders', ['a', 1]);
  using cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
  const { seen, reached } = listen(cache);
  await entity.rebuild(['a', 1], ['b', 2]);
  await reached(2);
  await entity.apply(['c', 3]);
  await reached(3);
  expect(seen.map(({ kind, complete, changes }) => [kind, complete, changes.map(({ key }) => key)])).toEqual([
    ['replaced', false, []],
    ['advanced', true, ['c']],
  ]);
});

test('a reader that was away for more changes than the file keeps is told to read everything again', async () => {
  await using caches = await openTestCaches({ changesKept: 3 });
  const entity = await caches.publish('orders', ['a', 1]);
  using cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
  const { seen, reached } = listen(cache);
  const rows = (count: number): Row[] => Array.from({ length: count }, (_, index) => [`key ${index}`, index]);
  await entity.apply(...rows(3));
  await reached(4);
  await entity.apply(...rows(4));
  await reached(8);
  await entity.apply(...rows(2));
  await reached(10);
  expect(seen.map(({ complete, changes }) => [complete, changes.length])).toEqual([
    [true, 3],
    [false, 0],
    [true, 2],
  ]);
  expect(cache.query('SELECT number FROM "emc:changes"')).toEqual([{ number: 8 }]);
});

test('a file that keeps no changes says so with each change', async () => {
  await using caches = await openTestCaches({ changesKept: 0 });
  const entity = await caches.publish('orders', ['a', 1]);
  using cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
  const { seen, reached } = listen(cache);
  await entity.apply(['b', 2]);
  await reached(2);
  expect(seen).toMatchObject([{ kind: 'advanced', changes: [], complete: false }]);
  expect(cache.query("SELECT 1 FROM sqlite_schema WHERE name = 'emc:changes'")).toEqual([]);
});

test('a repair, which does not move the offset, is told by key', async () => {
  await using caches = await openTestCaches();
  const entity = await caches.publish('orders', ['a', 1], ['b', 2]);
  using cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
  const { seen } = listen(cache);
  await caches.store.mend({ entityId: entity.identity.entityId, docIds: ['b'], data: [null] });
  await until('the repair', () => seen.length > 0);
  expect(seen).toMatchObject([
    { kind: 'advanced', offset: 2, changes: [{ key: 'b', kind: 'deleted', offset: 2 }], complete: true },
  ]);
});

test('the deletion of the entity ends the changes, and statements fail with EMC-7003', async () => {
  await using caches = await openTestCaches();
  const entity = await caches.publish('orders', ['a', 1]);
  using cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
  const { seen } = listen(cache);
  await entity.remove();
  await until('the deletion', () => seen.length > 0);
  expect(seen).toMatchObject([{ kind: 'gone', offset: null, changes: [], complete: false }]);
  expect(() => cache.query('SELECT 1')).toThrow('EMC-7003');
});
