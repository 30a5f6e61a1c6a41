import { expect, test } from 'vitest';
import { openTestCaches, until } from '../test/support/test-caches.ts';
import { type CacheChange, openCache } from './client.ts';

const described = ({ kind, before, now }: CacheChange) => [kind, before?.offset ?? null, now?.offset ?? null];

test('a listener is told of a moved offset, a replaced file, a deletion and a new publication', async () => {
  await using caches = await openTestCaches();
  const entity = await caches.publish('orders', ['a', 1]);
  using cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
  const changes: CacheChange[] = [];
  cache.onChange((change) => changes.push(change));
  const seen = (count: number) => until(`${count} changes`, () => changes.length >= count);
  await entity.apply(['b', 2]);
  await seen(1);
  await entity.rebuild(['a', 1], ['b', 2], ['c', 3]);
  await seen(2);
  await entity.remove();
  await seen(3);
  await caches.publish('orders', ['a', 1]);
  await seen(4);
  expect(changes.map(described)).toEqual([
    ['advanced', 1, 2],
    ['replaced', 2, 3],
    ['gone', 3, null],
    ['published', null, 1],
  ]);
  expect(changes.every((change) => change.entity === 'orders')).toBe(true);
});

test('a listener that is removed, or whose cache is closed, is not called any more', async () => {
  await using caches = await openTestCaches();
  const entity = await caches.publish('orders', ['a', 1]);
  using cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
  const calls = { removed: 0, kept: 0 };
  const stop = cache.onChange(() => {
    calls.removed += 1;
  });
  cache.onChange(() => {
    calls.kept += 1;
  });
  stop();
  await entity.apply(['b', 2]);
  await until('the other listener is called', () => calls.kept === 1);
  cache.close();
  await entity.apply(['c', 3]);
  expect(calls).toEqual({ removed: 0, kept: 1 });
});

test('a source time that moves alone is no change of rows', async () => {
  await using caches = await openTestCaches();
  const entity = await caches.publish('orders', ['a', 1]);
  using cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
  const changes: CacheChange[] = [];
  cache.onChange((change) => changes.push(change));
  entity.setSourceTime(9n);
  await cache.waitFor(9n);
  await entity.apply(['b', 2]);
  await until('the offset is seen', () => changes.length > 0);
  expect(changes.map(described)).toEqual([['advanced', 1, 2]]);
});
