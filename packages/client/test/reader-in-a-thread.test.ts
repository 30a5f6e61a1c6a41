import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { openTestCaches } from './support/test-caches.ts';

test('a worker thread reads and waits as the main thread does', async () => {
  await using caches = await openTestCaches();
  const entity = await caches.publish('orders', ['a', 1]);
  const worker = new Worker(new URL('programs/read-in-thread.ts', import.meta.url), {
    workerData: { dataDir: caches.dataDir, entity: 'orders', time: 9n },
  });
  expect(await once(worker, 'message')).toEqual([1]);
  const second = once(worker, 'message');
  await entity.apply(['a', 2]);
  entity.setSourceTime(9n);
  expect(await second).toEqual([2]);
  await once(worker, 'exit');
});

test('a worker thread learns the keys of changed rows', async () => {
  await using caches = await openTestCaches();
  const entity = await caches.publish('orders', ['a', 1]);
  const worker = new Worker(new URL('programs/listen-in-thread.ts', import.meta.url), {
    workerData: { dataDir: caches.dataDir, entity: 'orders' },
  });
  expect(await once(worker, 'message')).toEqual(['listening']);
  const change = once(worker, 'message');
  await entity.apply(['a', 2], ['b', 3]);
  expect(await change).toEqual([{ keys: ['a', 'b'], complete: true }]);
  worker.postMessage('end');
  await once(worker, 'exit');
});
