import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { cacheRows, converged } from './support/convergence.ts';
import { randomFrom } from './support/seeded-random.ts';
import { insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';

const shape = orderShape('orders');

test('an entity can be created, scanned, changed, refreshed, rebuilt, paused, resumed and deleted', async () => {
  await using stack = await createStack();
  const collection = orders(stack.mongo);
  await insertOrders(collection, 1_000, randomFrom(1));
  await using running = await stack.engine();
  const { api } = running;

  const created = await api.create(shape);
  expect(created).toMatchObject({ entityName: 'orders', version: 1, documents: null });
  const live = await api.untilLive('orders');
  expect(live).toMatchObject({ activity: 'live', documents: 1_000, scan: { scanned: 1_000 } });
  expect(await converged(stack, shape)).toBe(1_000);

  await collection.insertOne({ _id: 5_000, total: 1.5, count: 7, paid: true, customer: { city: 'Ulm' }, tags: [] });
  await collection.updateOne({ _id: 1 }, { $set: { 'customer.city': 'Bonn' } });
  await collection.deleteOne({ _id: 2 });
  await converged(stack, shape);
  expect([...cacheRows(stack.dataDir, shape).values()].filter((row) => row.includes('Bonn'))).toHaveLength(1);

  expect((await api.job('orders', 'refresh')).message).toMatch(/Scanned 1,000 documents; live as version 2/);
  await converged(stack, shape);
  expect((await api.entity('orders')).version).toBe(2);

  const link = path.join(stack.dataDir, 'dbs', 'orders', 'db.sqlite');
  // A job that ends too early, while the new file is still built, is a matter of luck.
  for (let rebuilds = 0; rebuilds < 5; rebuilds += 1) {
    const before = readlinkSync(link);
    expect((await api.job('orders', 'rebuild')).message).toBe('Rebuilt on 1 node.');
    expect(readlinkSync(link)).not.toBe(before);
  }
  await converged(stack, shape);

  await api.job('orders', 'pause');
  expect((await api.entity('orders')).activity).toBe('paused');
  await collection.deleteMany({ _id: { $gte: 500 } });
  await eventually(async () => ((await api.entity('orders')).lagEntries ?? 0) >= 501 || null, 'changes to wait');
  expect(cacheRows(stack.dataDir, shape).size).toBe(1_000);
  await api.job('orders', 'resume');
  expect(await converged(stack, shape)).toBe(499);

  await api.remove('orders');
  expect((await api.request('GET', '/api/v1/entities/orders')).status).toBe(404);
  await eventually(async () => !existsSync(path.dirname(link)) || null, 'the files to go');
  expect(await collection.countDocuments()).toBe(499);

  await api.create(shape);
  await api.untilLive('orders');
  expect(await converged(stack, shape)).toBe(499);
});

test('copies one source to two entities, and a source that does not exist yet', async () => {
  await using stack = await createStack();
  await insertOrders(orders(stack.mongo), 200, randomFrom(2));
  await using running = await stack.engine();
  const shapes = [orderShape('first'), orderShape('second'), orderShape('later', 'shop.unborn')];
  for (const each of shapes) await running.api.create(each);
  for (const each of shapes) await running.api.untilLive(each.entityName);
  expect((await running.api.entity('later')).documents).toBe(0);
  await insertOrders(orders(stack.mongo, 'shop.unborn'), 10, randomFrom(3));
  await orders(stack.mongo).deleteMany({ _id: { $lt: 100 } });
  for (const each of shapes) await converged(stack, each);
  expect(readdirSync(path.join(stack.dataDir, 'dbs')).toSorted()).toEqual(['first', 'later', 'second']);
});
