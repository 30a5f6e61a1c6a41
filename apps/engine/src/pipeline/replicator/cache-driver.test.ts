import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '@emcachers/db/database';
import { expect, test } from 'vitest';
import { faultProxy } from '../../../test/support/fault-proxy.ts';
import { openTestOplog } from '../../../test/support/test-oplog.ts';
import { expectedRows, scanToLive, upsert } from '../../../test/support/test-page.ts';
import { cachedRows, startReplicator, temporaryDirectory } from '../../../test/support/test-replicator.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { CacheStore } from '../sqlite-cache/sqlite-cache.ts';
import { openCacheStore } from '../sqlite-cache/threaded-cache-store.ts';

const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `o${index}`);

test('a cache that catches up while PostgreSQL is unreachable keeps its rows and goes on from its offset', async () => {
  await using oplog = await openTestOplog();
  using directory = temporaryDirectory();
  await oplog.create('orders');
  const orders = await scanToLive(oplog, 'orders', ids(400));
  const address = new URL(oplog.database.url);
  await using proxy = await faultProxy(Number(address.port));
  address.host = `127.0.0.1:${proxy.port}`;
  const database = openDatabase({ url: address.href });
  {
    // One entry per page, so that the connections break in the middle of the pages.
    await using running = await startReplicator({ database, dataDirectory: directory.path }, { catchUpRowsMax: 1 });
    await running.until('some pages are applied', () => (running.status('orders')?.documents ?? 0) > 5);
    proxy.cut();
    await oplog.append(upsert(orders, 'o1', [1, 'meanwhile']));
    const { documents } = running.status('orders') ?? {};
    expect(documents).toBeLessThan(400);
    expect(running.status('orders')).toMatchObject({ state: 'building', error: null });
    proxy.restore();
    const level = await running.level('orders', (await oplog.page()).head);
    expect(level).toMatchObject({ generation: 1, appliedTotal: 401, documents: 400 });
    expect(cachedRows(directory.path, 'orders')).toEqual(await expectedRows(oplog, orders));
  }
  await database.close();
});

test('a cache whose files cannot be created is suspended with the reason and retried; the others go on (I10)', async () => {
  await using oplog = await openTestOplog();
  using directory = temporaryDirectory();
  await oplog.create('orders');
  await oplog.create('customers');
  await scanToLive(oplog, 'orders', ids(10));
  await scanToLive(oplog, 'customers', ids(10));
  const { head } = await oplog.page();
  const obstacle = join(directory.path, 'dbs', 'orders');
  mkdirSync(join(directory.path, 'dbs'));
  writeFileSync(obstacle, 'a file where a directory should be');
  await using running = await startReplicator({ database: oplog.database, dataDirectory: directory.path });
  await running.until('the suspension', () => running.status('orders')?.state === 'failed');
  expect(running.status('orders')).toMatchObject({
    error: { code: expect.stringMatching(/^EMC-4/) },
    published: false,
  });
  await running.level('customers', head);
  rmSync(obstacle);
  expect(await running.level('orders', head)).toMatchObject({ error: null, documents: 10 });
});

test('a damaged page inside a file is found by the check after the start, and the cache is rebuilt', async () => {
  await using oplog = await openTestOplog();
  using directory = temporaryDirectory();
  const parts = { database: oplog.database, dataDirectory: directory.path };
  await oplog.create('orders');
  const orders = await scanToLive(oplog, 'orders', ids(2_000));
  const { head } = await oplog.page();
  {
    await using running = await startReplicator(parts);
    await running.level('orders', head);
  }
  const file = openSync(join(directory.path, 'dbs/orders/db.g1.sqlite'), 'r+');
  writeSync(file, Buffer.alloc(4096, 0xab), 0, 4096, 4096 * 8);
  closeSync(file);
  await using running = await startReplicator(parts);
  await running.until('the second generation', () => running.status('orders')?.generation === 2);
  await running.level('orders', head);
  expect(cachedRows(directory.path, 'orders')).toEqual(await expectedRows(oplog, orders));
});

test('a node whose lock file is removed says so while another holds its directory, and then follows with the same files', async () => {
  await using oplog = await openTestOplog();
  using directory = temporaryDirectory();
  const parts = { database: oplog.database, dataDirectory: directory.path };
  await oplog.create('orders');
  const orders = await scanToLive(oplog, 'orders', ids(100));
  await using first = await startReplicator(parts);
  await first.level('orders', (await oplog.page()).head);
  rmSync(join(directory.path, 'caches.lock'));
  {
    await using second = await startReplicator(parts);
    await first.until('it notices', () => first.status('orders')?.error?.code === 'EMC-4005');
    await oplog.append(upsert(orders, 'o1', [1, 'meanwhile']));
    await second.level('orders', (await oplog.page()).head);
    expect(first.status('orders')).toMatchObject({ state: 'failed', error: { code: 'EMC-4005' } });
  }
  expect(await first.level('orders', (await oplog.page()).head)).toMatchObject({ generation: 1, error: null });
  expect(cachedRows(directory.path, 'orders')).toEqual(await expectedRows(oplog, orders));
});

test('a generation that an earlier process left unpublished is checked before it catches up, not while it is published', async () => {
  await using oplog = await openTestOplog();
  using directory = temporaryDirectory();
  const parts = { database: oplog.database, dataDirectory: directory.path };
  await oplog.create('orders');
  {
    await using running = await startReplicator(parts);
    await running.until('the first file', () => running.status('orders')?.generation === 1);
  }
  const orders = await scanToLive(oplog, 'orders', ids(100));
  const calls: string[] = [];
  const openStore = (): CacheStore => {
    const store = openCacheStore({ clock: systemClock, dataDirectory: directory.path, graceMs: 200 });
    return {
      ...store,
      async check(entityId, options) {
        calls.push('check');
        await store.check(entityId, options);
        calls.push('checked');
      },
      apply(batch) {
        if (batch.docIds.length > 0) calls.push('apply');
        return store.apply(batch);
      },
      publish(entityId) {
        calls.push('publish');
        return store.publish(entityId);
      },
    };
  };
  await using running = await startReplicator({ ...parts, openStore });
  await running.level('orders', (await oplog.page()).head);
  expect(running.status('orders')).toMatchObject({ generation: 1, error: null });
  expect(calls).toEqual(['check', 'checked', 'apply', 'publish']);
  expect(cachedRows(directory.path, 'orders')).toEqual(await expectedRows(oplog, orders));
});
