import { Timestamp } from 'bson';
import { describe, expect, test } from 'vitest';
import { openTestCaches } from '../test/support/test-caches.ts';
import { openCache } from './client.ts';
import { operationTimeValue } from './place.ts';

describe('waitFor', () => {
  test('resolves at once if the file is at the place, and when it gets there', async () => {
    await using caches = await openTestCaches();
    const entity = await caches.publish('orders', ['a', 1]);
    entity.setSourceTime(100n);
    using cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
    await cache.waitFor(100n, { timeoutMs: 0 });
    const reached: string[] = [];
    const waits = [
      cache.waitFor(101n).then(() => reached.push('101')),
      cache.waitFor(200n).then(() => reached.push('200')),
    ];
    entity.setSourceTime(150n);
    await waits[0];
    expect(reached).toEqual(['101']);
    entity.setSourceTime(200n);
    await Promise.all(waits);
  });

  test('follows a swap while it waits', async () => {
    await using caches = await openTestCaches();
    const entity = await caches.publish('orders', ['a', 1]);
    using cache = openCache<{ n: number }>({ dataDir: caches.dataDir, entity: 'orders' });
    const wait = cache.waitFor(7n);
    await entity.rebuild(['a', 2]);
    entity.setSourceTime(7n);
    await wait;
    expect(cache.get('a')?.n).toBe(2);
  });

  test('fails with the reached place and its age if the engine stands still (EMC-7005)', async () => {
    await using caches = await openTestCaches();
    const entity = await caches.publish('orders', ['a', 1]);
    using cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
    await expect(cache.waitFor(5n, { timeoutMs: 30 })).rejects.toThrow('orders is at offset 1 and has no source time');
    const time = BigInt(Math.floor(Date.now() / 1_000) - 60) << 32n;
    entity.setSourceTime(time);
    const expected = new RegExp(`EMC-7005.*Waited 30 ms.* is at source time ${time}, 6\\d\\.\\d s ago, offset 1`);
    await expect(cache.waitFor(time + 1n, { timeoutMs: 30 })).rejects.toThrow(expected);
  });

  test('ends with the signal, and when the entity is deleted (EMC-7003)', async () => {
    await using caches = await openTestCaches();
    const entity = await caches.publish('orders', ['a', 1]);
    using cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
    const stop = new AbortController();
    const aborted = cache.waitFor(5n, { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(aborted).rejects.toThrow('enough');
    await expect(cache.waitFor(5n, { signal: stop.signal })).rejects.toThrow('enough');
    const gone = expect(cache.waitFor(5n, { timeoutMs: 20_000 })).rejects.toThrow('EMC-7003');
    await entity.remove();
    await gone;
  });

  test('rejects a time-out that a timer cannot hold, and a time that is no Timestamp', async () => {
    await using caches = await openTestCaches();
    await caches.publish('orders', ['a', 1]);
    using cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
    for (const timeoutMs of [-1, Number.NaN, 2 ** 31])
      await expect(cache.waitFor(1n, { timeoutMs })).rejects.toThrow('timeoutMs must be');
    await expect(cache.waitFor(-1n)).rejects.toThrow(RangeError);
  });
});

test('an operation time is a Timestamp of the driver, its parts, or the 64-bit value', () => {
  const value = (0xf000_0001n << 32n) | 0x8000_0002n;
  const timestamp = new Timestamp({ t: 0xf000_0001, i: 0x8000_0002 });
  expect(
    [timestamp, { t: timestamp.t, i: timestamp.i }, { high: timestamp.high, low: timestamp.low }, value].map(
      operationTimeValue,
    ),
  ).toEqual([value, value, value, value]);
  for (const wrong of [-1n, 1n << 64n, { t: 1.5, i: 0 }]) expect(() => operationTimeValue(wrong)).toThrow(RangeError);
});
