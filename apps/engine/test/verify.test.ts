import path from 'node:path';
import { defaultStreamId } from '@emcachers/db/control/streams';
import { openDatabase } from '@emcachers/db/database';
import { dueForVerification } from '@emcachers/db/verify/verifications';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { converged } from './support/convergence.ts';
import { randomFrom } from './support/seeded-random.ts';
import { insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';

test('a damaged row is found by a verify job, keeps the status from ok until it is repaired, and is then right again (I12)', async () => {
  await using stack = await createStack();
  await insertOrders(orders(stack.mongo), 300, randomFrom(1));
  {
    await using first = await stack.engine();
    await first.api.create(orderShape('orders'));
    await first.api.untilLive('orders');
    expect((await first.api.job('orders', 'verify')).message).toBe('Compared 300 rows on 1 node; all are right.');
  }
  const file = new Sqlite(path.join(stack.dataDir, 'dbs/orders/db.sqlite'));
  file.exec('DELETE FROM orders WHERE rowid = 5');
  file.close();
  await using second = await stack.engine();
  const { api } = second;
  await api.untilLive('orders');
  await api.untilWell();
  const found = await api.job('orders', 'verify');
  expect(found.message).toMatch(/^Compared 300 rows on 1 node\. Wrong: 1 missing, 0 extra, 0 different on test-node/);
  const wrong = await eventually(async () => {
    const view = await api.entity('orders');
    return view.health === 'ok' ? null : view;
  }, 'the status to say so');
  expect(wrong).toMatchObject({
    health: 'degraded',
    reason: 'A verification found 1 wrong row in the cache on test-node. Repair it.',
  });
  expect((await api.job('orders', 'repair')).message).toMatch(/Repaired: 1 missing, 0 extra, 0 different on test-node/);
  await eventually(async () => ((await api.entity('orders')).health === 'ok' ? true : null), 'the status to be ok');
  await converged({ mongo: stack.mongo, dataDir: stack.dataDir }, orderShape('orders'));
  expect((await api.job('orders', 'verify')).message).toBe('Compared 300 rows on 1 node; all are right.');
});

test('the live entity whose verification is the longest ago is due, once that is long enough', async () => {
  await using stack = await createStack();
  await insertOrders(orders(stack.mongo), 10, randomFrom(1));
  await using running = await stack.engine();
  const database = openDatabase({ url: stack.databaseUrl });
  expect(await dueForVerification(database.pool, { streamId: defaultStreamId, ageMs: 0 })).toBeNull();
  for (const name of ['first', 'second']) {
    await running.api.create(orderShape(name));
    await running.api.untilLive(name);
  }
  const due = (ageMs: number) => dueForVerification(database.pool, { streamId: defaultStreamId, ageMs });
  expect([await due(0), await due(3_600_000)]).toEqual(['first', null]);
  await running.api.job('first', 'verify');
  expect(await due(0)).toBe('second');
  await database.close();
});
