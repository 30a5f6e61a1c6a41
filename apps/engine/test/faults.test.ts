import { openDatabase } from '@emcachers/db/database';
import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { converged } from './support/convergence.ts';
import { faultProxy } from './support/fault-proxy.ts';
import { changeOrders, insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';
import { testRandom } from './support/test-random.ts';

const shape = orderShape('orders');

test('the engine survives repeated termination of all PostgreSQL connections and converges', async () => {
  const random = testRandom();
  await using stack = await createStack();
  const collection = orders(stack.mongo);
  await insertOrders(collection, 3_000, random);
  await using running = await stack.engine();
  await running.api.create(shape);
  const killer = openDatabase({ url: stack.databaseUrl, connectionsMax: 1 });
  for (let round = 0; round < 5; round += 1) {
    await changeOrders(collection, 3_000, random);
    // After a round the engine takes its time to come back; there is nothing to terminate until it has.
    await eventually(async () => {
      const killed = await killer.pool.query(
        'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
      );
      return (killed.rowCount ?? 0) > 0 ? true : null;
    }, 'connections to terminate');
    await changeOrders(collection, 3_000, random);
  }
  await killer.close();
  await running.api.untilLive('orders');
  await converged(stack, shape);
});

test('while MongoDB is unreachable the caches still serve and report it; afterwards they converge', async ({
  skip,
}) => {
  const random = testRandom();
  await using stack = await createStack();
  const target = new URL(stack.mongoUrl.replace(/^mongodb:/, 'http:'));
  if (target.hostname !== '127.0.0.1') skip('the MongoDB at hand is not on this machine');
  await using proxy = await faultProxy(Number(target.port));
  const collection = orders(stack.mongo);
  await insertOrders(collection, 1_000, random);
  await using running = await stack.engine({ MONGO_URL: `mongodb://127.0.0.1:${proxy.port}/?directConnection=true` });
  const { api } = running;
  await api.create(shape);
  await api.untilLive('orders');
  proxy.cut();
  await changeOrders(collection, 1_000, random);
  const seen = await eventually(async () => {
    const view = await api.entity('orders');
    return view.health === 'ok' ? null : view;
  }, 'the loss to be noticed');
  expect(seen.reason).toMatch(/change stream/i);
  const rows = await api.request('GET', '/api/v1/entities/orders/rows?limit=1');
  expect(((await rows.json()) as { rows: unknown[] }).rows).toHaveLength(1);
  proxy.restore();
  await converged(stack, shape);
  await eventually(async () => ((await api.entity('orders')).health === 'ok' ? true : null), 'health to return');
});

test('while PostgreSQL is unreachable the engine answers with health unknown; afterwards it converges', async () => {
  const random = testRandom();
  await using stack = await createStack();
  const direct = new URL(stack.databaseUrl);
  await using proxy = await faultProxy(Number(direct.port));
  const url = new URL(stack.databaseUrl);
  url.host = `127.0.0.1:${proxy.port}`;
  const collection = orders(stack.mongo);
  await insertOrders(collection, 1_000, random);
  await using running = await stack.engine({ DATABASE_URL: url.href });
  const { api } = running;
  await api.create(shape);
  await api.untilLive('orders');
  await api.untilWell();
  proxy.cut();
  await changeOrders(collection, 1_000, random);
  const report = await eventually(async () => {
    const health = (await (await api.request('GET', '/health')).json()) as { health: string; sentence: string };
    return health.health === 'unknown' ? health : null;
  }, 'the loss to be noticed');
  expect(report.sentence).toMatch(/PostgreSQL cannot be reached/);
  expect((await api.request('GET', '/healthz')).status).toBe(200);
  expect((await api.request('GET', '/readyz')).status).toBe(503);
  expect(await api.entity('orders')).toMatchObject({ health: 'unknown', documents: 1_000 });
  expect((await api.request('GET', '/api/v1/entities/orders/rows?limit=1')).status).toBe(200);
  expect((await api.request('POST', '/api/v1/entities/orders/refresh')).status).toBe(503);
  proxy.restore();
  await converged(stack, shape);
  await eventually(async () => ((await api.entity('orders')).health === 'ok' ? true : null), 'health to return');
});
