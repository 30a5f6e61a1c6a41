import path from 'node:path';
import { defaultStreamId } from '@emcachers/db/control/streams';
import { openDatabase } from '@emcachers/db/database';
import { queryRows } from '@emcachers/db/query-rows';
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

test('the live entity whose verification is the longest ago is due, once that is long enough, and one at a time in each stream', async () => {
  await using stack = await createStack();
  await insertOrders(orders(stack.mongo), 10, randomFrom(1));
  const database = openDatabase({ url: stack.databaseUrl });
  const due = (ageMs: number) => dueForVerification(database.pool, { streamId: defaultStreamId, ageMs });
  {
    await using running = await stack.engine();
    expect(await due(0)).toBeNull();
    for (const shape of [orderShape('first'), orderShape('second'), { ...orderShape('abroad'), stream: 'abroad' }]) {
      await running.api.create(shape);
      await running.api.untilLive(shape.entityName);
    }
    expect([await due(0), await due(3_600_000)]).toEqual(['first', null]);
    await running.api.job('first', 'verify');
    expect(await due(0)).toBe('second');
  }
  // No engine is running that would do these jobs.
  const verifying = (name: string) =>
    queryRows(
      database.pool,
      `INSERT INTO job (id, kind, entity_name, stream_id) SELECT gen_random_uuid(), 'verify', name, stream_id FROM entity WHERE name = $1`,
      [name],
    );
  await verifying('abroad');
  expect(await due(0)).toBe('second');
  await verifying('first');
  expect(await due(0)).toBeNull();
  await database.close();
});
