import { expect, test } from 'vitest';
import { openTestCaches } from '../test/support/test-caches.ts';
import { attachCaches } from './client.ts';

const join = 'SELECT o.n AS ordered, c.n AS customer FROM orders o JOIN customers c USING (doc_id) ORDER BY o.n';

test('tables of several entities join under their own names, and each swap is followed', async () => {
  await using caches = await openTestCaches({ graceMs: 0 });
  const orders = await caches.publish('orders', ['a', 1], ['b', 2]);
  const customers = await caches.publish('customers', ['a', 10]);
  using attached = attachCaches({ dataDir: caches.dataDir, entities: ['orders', 'customers'] });
  expect(attached.query(join)).toEqual([{ ordered: 1, customer: 10 }]);
  await customers.rebuild(['a', 11], ['b', 12]);
  await caches.store.tend();
  expect(attached.query(join)).toEqual([
    { ordered: 1, customer: 11 },
    { ordered: 2, customer: 12 },
  ]);
  await orders.rebuild(['b', 3]);
  expect([...attached.iterate(join)]).toEqual([{ ordered: 3, customer: 12 }]);
  expect(attached.query('SELECT count(*) AS found FROM customers.customers')).toEqual([{ found: 2 }]);
  expect(attached.places().map(({ entity, generation }) => [entity, generation])).toEqual([
    ['orders', 2],
    ['customers', 2],
  ]);
});

test('a wait is for all of them', async () => {
  await using caches = await openTestCaches();
  const orders = await caches.publish('orders', ['a', 1]);
  const customers = await caches.publish('customers', ['a', 10]);
  using attached = attachCaches({ dataDir: caches.dataDir, entities: ['orders', 'customers'] });
  orders.setSourceTime(5n);
  await expect(attached.waitFor(5n, { timeoutMs: 20 })).rejects.toThrow(
    'customers is at offset 1 and has no source time',
  );
  const wait = attached.waitFor(5n);
  customers.setSourceTime(6n);
  await wait;
});

test('entities with the names of schemas of SQLite can be attached', async () => {
  await using caches = await openTestCaches();
  await caches.publish('main', ['a', 1]);
  await caches.publish('temp', ['a', 2]);
  await caches.publish('order', ['a', 3]);
  using attached = attachCaches({ dataDir: caches.dataDir, entities: ['main', 'temp', 'order'] });
  expect(attached.query('SELECT m.n + t.n + o.n AS sum FROM "main" m, "temp" t, "order" o')).toEqual([{ sum: 6 }]);
});

test('none, more than SQLite can attach, and one that is absent are refused (EMC-7001)', async () => {
  await using caches = await openTestCaches();
  await caches.publish('orders', ['a', 1]);
  const attach = (entities: readonly string[]) => attachCaches({ dataDir: caches.dataDir, entities });
  expect(() => attach([])).toThrow('EMC-7001');
  expect(() => attach(Array.from({ length: 11 }, (_, index) => `e${index}`))).toThrow('11 entities are named');
  expect(() => attach(['orders', 'customers'])).toThrow('no cache of customers');
});
