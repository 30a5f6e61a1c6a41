import { execFileSync } from 'node:child_process';
import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { openTestCaches, type Row, type TestCaches, type TestEntity, until } from '../test/support/test-caches.ts';
import { type CacheChange, openCache } from './client.ts';

const rows = (n: number): Row[] => Array.from({ length: 2_000 }, (_, index) => [`o${index}`, n]);
const count = 'SELECT sum(n) AS sum FROM orders';

/** Overwrites all pages but the first four, which have the schema and the metadata. */
async function damage(caches: TestCaches, entity: TestEntity): Promise<void> {
  await caches.store.release(entity.identity.entityId);
  const path = join(caches.dataDir, 'dbs/orders/db.g1.sqlite');
  const { size } = statSync(path);
  // In another process: closing a file of SQLite's would drop its locks in this one.
  const program = `const { openSync, writeSync, closeSync } = require('node:fs');
    const file = openSync(process.argv[1], 'r+');
    writeSync(file, Buffer.alloc(${size - 16_384}, 0xff), 0, ${size - 16_384}, 16_384);
    closeSync(file);`;
  execFileSync(process.execPath, ['-e', program, path]);
}

test('damage is reported with the message of SQLite (EMC-7008), and the file that replaces it is read', async () => {
  await using caches = await openTestCaches();
  const entity = await caches.publish('orders', ...rows(1));
  using cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
  const changes: CacheChange[] = [];
  cache.onChange((change) => changes.push(change));
  await damage(caches, entity);
  expect(() => cache.query(count)).toThrow('EMC-7008');
  expect(() => cache.read(() => cache.query(count))).toThrow('malformed');
  expect(() => [...cache.iterate('SELECT * FROM orders')]).toThrow('EMC-7008');
  await caches.store.open(entity.identity);
  await entity.rebuild(...rows(2));
  expect(cache.query(count)).toEqual([{ sum: 4_000 }]);
  await until('the listener is told', () => changes.some(({ kind }) => kind === 'replaced'));
});

test('an empty file is no cache (EMC-7004)', async () => {
  await using caches = await openTestCaches();
  await caches.build('orders');
  const directory = join(caches.dataDir, 'dbs/products');
  const other = await caches.publish('products', ['a', 1]);
  await caches.store.release(other.identity.entityId);
  const file = openSync(join(directory, 'db.g1.sqlite'), 'w');
  writeSync(file, '');
  closeSync(file);
  expect(() => openCache({ dataDir: caches.dataDir, entity: 'products' })).toThrow('EMC-7004');
});

test('errors of the SQL of an iteration pass unchanged', async () => {
  await using caches = await openTestCaches();
  await caches.publish('orders', ['a', 1]);
  using cache = openCache({ dataDir: caches.dataDir, entity: 'orders' });
  expect(() => [...cache.iterate('SELECT price FROM orders')]).toThrow('no such column: price');
});
