import { openDatabase } from '@emcachers/db/database';
import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { startEngineProcess } from './support/engine-process.ts';
import { randomFrom } from './support/seeded-random.ts';
import { insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';

const names = Array.from({ length: 20 }, (_, index) => `orders_${index}`);

test('twenty deletions at once complete, also if the engine is killed among them and one of their jobs is lost', {
  timeout: 180_000,
}, async () => {
  await using stack = await createStack();
  await insertOrders(orders(stack.mongo), 200, randomFrom(1));
  const database = openDatabase({ url: stack.databaseUrl, connectionsMax: 1 });
  const left = async (): Promise<number> => (await database.pool.query('SELECT 1 FROM entity')).rowCount ?? 0;
  {
    await using running = startEngineProcess(stack.environment());
    const api = await running.ready;
    for (const name of names) await api.create(orderShape(name));
    const answers = await Promise.all(names.map((name) => api.request('DELETE', `/api/v1/entities/${name}`)));
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 202));
    await eventually(async () => ((await left()) < names.length ? true : null), 'the first deletion');
    running.child.kill('SIGKILL');
    await running.ended;
  }
  await database.pool.query(
    `UPDATE job SET status = 'cancelled' WHERE id = (SELECT id FROM job WHERE status IN ('queued', 'running') LIMIT 1)`,
  );
  await using again = startEngineProcess(stack.environment());
  const api = await again.ready;
  await eventually(async () => ((await left()) === 0 ? true : null), 'all deletions');
  const failed = await database.pool.query(`SELECT message FROM job WHERE status = 'failed'`);
  expect(failed.rows).toEqual([]);
  expect(await api.create(orderShape('orders_0'))).toMatchObject({ entityName: 'orders_0' });
  await database.close();
});
