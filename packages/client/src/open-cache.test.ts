import { readdirSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import Sqlite from 'better-sqlite3';
import { Long } from 'bson';
import { describe, expect, test } from 'vitest';
import { openTestCaches, until } from '../test/support/test-caches.ts';
import { openCache, openCacheWhenPublished } from './client.ts';

interface Orders {
  readonly doc_id: string;
  readonly n: number | bigint | null;
  readonly t: string | null;
}

describe('a published cache', () => {
  test('gives rows by _id, by DocID and by SQL', async () => {
    await using caches = await openTestCaches();
    await caches.publish('orders', ['a', 1], ['n:7', 7], ['s:n:7', 8]);
    using cache = openCache<Orders>({ dataDir: caches.dataDir, entity: 'orders' });
    expect(cache.get('a')).toEqual({ doc_id: 'a', n: 1, t: 'text 1' });
    expect([cache.get(7)?.n, cache.get(Long.fromNumber(7))?.n, cache.get('n:7')?.n]).toEqual([7, 7, 8]);
    expect(cache.getByDocId('n:7')?.n).toBe(7);
    expect(cache.get('b')).toBeUndefined();
    expect(cache.query<{ total: number }>('SELECT sum(n) AS total FROM orders WHERE n > ?', [1])).toEqual([
      { total: 15 },
    ]);
    expect(cache.query('SELECT n FROM orders WHERE t = $text', { text: 'text 8' })).toEqual([{ n: 8 }]);
    expect(cache.query('SELECT count(*) AS found FROM orders WHERE (n = 1) = ?', [true])).toEqual([{ found: 1 }]);
    expect([...cache.iterate<Orders>('SELECT * FROM orders ORDER BY n')].map(({ n }) => n)).toEqual([1, 7, 8]);
  });

  test('keeps every digit of an integer beyond 2^53 (I13)', async () => {
    await using caches = await openTestCaches();
    const large = 9_007_199_254_740_993n;
    await caches.publish('orders', ['a', large], ['b', Number.MAX_SAFE_INTEGER]);
    using cache = openCache<Orders>({ dataDir: caches.dataDir, entity: 'orders' });
    expect([cache.get('a')?.n, cache.get('b')?.n]).toEqual([large, Number.MAX_SAFE_INTEGER]);
    expect(cache.query('SELECT n FROM orders WHERE n = ?', [large])).toEqual([{ n: large }]);
  });

  test('says its place: offset, generation, and the source time once the file has one', async () => {
    await using caches = await openTestCaches();
    const entity = await caches.publish('orders', ['a', 1]);
    using cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
    expect(cache.place()).toEqual({ entity: 'orders', offset: 1, sourceTime: null, generation: 1 });
    expect([cache.offset(), cache.age()]).toEqual([1, null]);
    const seconds = BigInt(Math.floor(Date.now() / 1_000));
    entity.setSourceTime((seconds << 32n) | 5n);
    expect(cache.place().sourceTime).toBe((seconds << 32n) | 5n);
    expect(cache.age()).toBeLessThan(60_000);
    expect(cache.age()).toBeGreaterThanOrEqual(0);
  });

  test('refuses statements that write, and passes errors of the SQL unchanged', async () => {
    await using caches = await openTestCaches();
    await caches.publish('orders', ['a', 1]);
    using cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
    expect(() => cache.query('DELETE FROM orders')).toThrow('readonly database');
    expect(() => cache.query('CREATE TABLE mine (a)')).toThrow('readonly database');
    expect(() => cache.query('SELECT price FROM orders')).toThrow('no such column: price');
    expect(cache.get('a')).toMatchObject({ n: 1 });
  });

  test('shows one state to all statements of a read', async () => {
    await using caches = await openTestCaches();
    const entity = await caches.publish('orders', ['a', 1]);
    using cache = openCache<Orders>({ dataDir: caches.dataDir, entity: 'orders' });
    const writer = new Sqlite(entity.link);
    const seen = cache.read(() => {
      const before = cache.get('a')?.n;
      writer.exec("UPDATE orders SET n = 2; UPDATE metadata SET value = '2' WHERE key = 'offset'");
      return [before, cache.read(() => cache.get('a')?.n), cache.offset()];
    });
    expect(seen).toEqual([1, 1, 1]);
    expect([cache.get('a')?.n, cache.offset()]).toEqual([2, 2]);
    const failure = new Error('of the caller');
    expect(() =>
      cache.read(() => {
        throw failure;
      }),
    ).toThrow(failure);
    expect(cache.get('a')?.n).toBe(2);
    writer.close();
  });

  test('is refused after close (EMC-7009)', async () => {
    await using caches = await openTestCaches();
    await caches.publish('orders', ['a', 1]);
    const cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
    const wait = cache.waitFor(1n);
    cache.close();
    await expect(wait).rejects.toThrow('EMC-7009');
    expect(() => cache.get('a')).toThrow('EMC-7009');
    expect(() => cache.iterate('SELECT 1').next()).toThrow('EMC-7009');
    const second = openCache({ dataDir: caches.dataDir, entity: 'orders' });
    second.read(() => second.close());
    expect(() => second.offset()).toThrow('EMC-7009');
  });

  test('costs nothing while nobody waits or listens', async () => {
    await using caches = await openTestCaches();
    await caches.publish('orders', ['a', 1]);
    const before = process.getActiveResourcesInfo().length;
    const descriptors = openDescriptors();
    using cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
    for (let statement = 0; statement < 200; statement += 1) cache.query(`SELECT ${statement} FROM orders`);
    expect(process.getActiveResourcesInfo().length).toBe(before);
    expect(openDescriptors() - descriptors).toBe(process.platform === 'linux' ? 3 : 0);
    const stop = cache.onChange(() => {});
    expect(process.getActiveResourcesInfo().length).toBeGreaterThan(before);
    stop();
    await until('the watch is closed', () => process.getActiveResourcesInfo().length === before);
  });
});

/** Counted only where the system lists them. */
function openDescriptors(): number {
  return process.platform === 'linux' ? readdirSync('/proc/self/fd').length : 0;
}

test('a cache stays readable and current while its engine closes and reopens the idle file', async () => {
  await using caches = await openTestCaches();
  const entity = await caches.publish('orders', ['a', 0]);
  using cache = openCache<Orders>({ dataDir: caches.dataDir, entity: 'orders' });
  for (let n = 1; n <= 30; n += 1) {
    await caches.store.release(entity.identity.entityId);
    expect(cache.get('a')?.n).toBe(n - 1);
    using fresh = openCache<Orders>({ dataDir: caches.dataDir, entity: 'orders' });
    expect(fresh.get('a')?.n).toBe(n - 1);
    await caches.store.open(entity.identity);
    await entity.apply(['a', n]);
    expect([cache.get('a')?.n, fresh.get('a')?.n]).toEqual([n, n]);
  }
});

describe('a swap', () => {
  test('is followed by the next statement, and an iteration that runs ends on its file', async () => {
    await using caches = await openTestCaches({ graceMs: 0 });
    const entity = await caches.publish('orders', ['a', 1], ['b', 1], ['c', 1]);
    using cache = openCache<Orders>({ dataDir: caches.dataDir, entity: 'orders' });
    const running = cache.iterate<Orders>('SELECT * FROM orders ORDER BY doc_id');
    expect(running.next().value?.n).toBe(1);
    expect(cache.get('a')?.n).toBe(1);
    await entity.rebuild(['a', 2], ['b', 2]);
    await caches.store.tend();
    expect(cache.get('a')?.n).toBe(2);
    expect(cache.place()).toMatchObject({ generation: 2, offset: 2 });
    expect([...running].map(({ n }) => n)).toEqual([1, 1]);
    expect([...cache.iterate<Orders>('SELECT * FROM orders')].map(({ n }) => n)).toEqual([2, 2]);
  });

  test('to a new entity of the same name and the same file name is followed', async () => {
    await using caches = await openTestCaches();
    const first = await caches.publish('orders', ['a', 1]);
    using cache = openCache<Orders>({ dataDir: caches.dataDir, entity: 'orders' });
    expect(cache.get('a')?.n).toBe(1);
    await first.remove();
    const second = await caches.publish('orders', ['a', 2]);
    expect(readlinkSync(second.link)).toBe('db.g1.sqlite');
    expect(cache.get('a')?.n).toBe(2);
  });

  test('leaves no read on the old file, so that its space is freed', async () => {
    await using caches = await openTestCaches({ graceMs: 0 });
    const entity = await caches.publish('orders', ['a', 1]);
    using cache = openCache<Orders>({ dataDir: caches.dataDir, entity: 'orders' });
    await entity.remove();
    expect(() => cache.get('a')).toThrow('EMC-7003');
    expect(() => cache.get('a')).toThrow('The entity is gone');
    await caches.publish('orders', ['a', 3]);
    expect(cache.get('a')?.n).toBe(3);
  });
});

describe('a cache that is not there', () => {
  test('is refused: absent (EMC-7001), being built (EMC-7002), not a name (EMC-7001)', async () => {
    await using caches = await openTestCaches();
    const { dataDir } = caches;
    expect(() => openCache({ dataDir, entity: 'orders' })).toThrow('EMC-7001');
    await caches.build('orders');
    expect(() => openCache({ dataDir, entity: 'orders' })).toThrow('EMC-7002');
    expect(() => openCache({ dataDir, entity: '../orders' })).toThrow('EMC-7001');
  });

  test('can be waited for', async () => {
    await using caches = await openTestCaches();
    const options = { dataDir: caches.dataDir, entity: 'orders' };
    await expect(openCacheWhenPublished(options, { timeoutMs: 20 })).rejects.toThrow('EMC-7001');
    const opening = openCacheWhenPublished<Orders>(options, { timeoutMs: 20_000 });
    const entity = await caches.build('orders');
    await expect(openCacheWhenPublished(options, { timeoutMs: 20 })).rejects.toThrow('EMC-7002');
    await entity.apply(['a', 1]);
    await entity.publish();
    using cache = await opening;
    expect(cache.get('a')?.n).toBe(1);
  });
});

describe('a file that is not the cache', () => {
  test.each([
    ['of another program', 'PRAGMA application_id = 7', 'it is not a cache'],
    ['without metadata', 'DROP TABLE metadata', 'it has no metadata table'],
    [
      'of another entity',
      `UPDATE metadata SET value = '"products"' WHERE key = 'entity'`,
      'it is the cache of products',
    ],
    [
      'of another generation',
      `UPDATE metadata SET value = '7' WHERE key = 'generation'`,
      'it is a copy of generation 7',
    ],
  ])('%s is refused (EMC-7004)', async (_name, sql, reason) => {
    await using caches = await openTestCaches();
    const entity = await caches.publish('orders', ['a', 1]);
    const other = new Sqlite(entity.link);
    other.exec(sql);
    other.close();
    expect(() => openCache({ dataDir: caches.dataDir, entity: 'orders' })).toThrow(reason);
  });

  test('without a column that the program needs is refused (EMC-7004)', async () => {
    await using caches = await openTestCaches();
    await caches.publish('orders', ['a', 1]);
    const open = (columns: Record<string, string>) => openCache({ dataDir: caches.dataDir, entity: 'orders', columns });
    open({ n: 'Integer' }).close();
    expect(() => open({ n: 'Integer', price: 'Number', tax: 'Number' })).toThrow('it has no column price, tax');
  });

  test('that is damaged, or that the link names in vain, is reported, and the handle reads the next one', async () => {
    await using caches = await openTestCaches();
    const entity = await caches.publish('orders', ['a', 1]);
    using cache = openCache<Orders>({ dataDir: caches.dataDir, entity: 'orders' });
    const directory = dirname(entity.link);
    const swap = (target: string): void => {
      symlinkSync(target, join(directory, 'next'));
      renameSync(join(directory, 'next'), entity.link);
    };
    swap('db.g9.sqlite');
    expect(() => cache.get('a')).toThrow('EMC-7003');
    const garbage = new Sqlite(join(directory, 'db.g9.sqlite'));
    garbage.exec('CREATE TABLE other (a)');
    garbage.close();
    expect(() => cache.get('a')).toThrow('EMC-7004');
    swap('db.g1.sqlite');
    expect(cache.get('a')?.n).toBe(1);
    rmSync(join(directory, 'db.g9.sqlite'));
  });
});
