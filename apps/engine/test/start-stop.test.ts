import { readdirSync } from 'node:fs';
import { openDatabase } from '@emcachers/db/database';
import { expect, test } from 'vitest';
import { randomFrom } from './support/seeded-random.ts';
import { insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';

const cycles = 20;

async function countHandles(databaseUrl: string) {
  // Sockets and threads that are closing get a moment to be gone.
  await new Promise((resolve) => setTimeout(resolve, 200));
  const observer = openDatabase({ url: databaseUrl, connectionsMax: 1 });
  const backends = await observer.pool.query<{ count: number }>(
    'SELECT count(*) AS count FROM pg_stat_activity WHERE datname = current_database()',
  );
  await observer.close();
  return {
    backends: Number(backends.rows[0]?.count),
    files: readdirSync('/proc/self/fd').length,
    threads: readdirSync('/proc/self/task').length,
    resources: process.getActiveResourcesInfo().length,
    signalListeners: process.listenerCount('SIGTERM') + process.listenerCount('SIGINT'),
  };
}

test(`${cycles} starts and stops leave no connection, file, thread, timer or listener`, {
  timeout: 180_000,
}, async () => {
  await using stack = await createStack();
  await insertOrders(orders(stack.mongo), 500, randomFrom(1));
  const cycle = async (): Promise<void> => {
    await using running = await stack.engine();
    await running.api.untilLive('orders');
  };
  {
    await using running = await stack.engine();
    await running.api.create(orderShape('orders'));
    await running.api.untilLive('orders');
  }
  await cycle();
  const before = await countHandles(stack.databaseUrl);
  for (let round = 0; round < cycles; round += 1) await cycle();
  const after = await countHandles(stack.databaseUrl);
  expect(after.backends).toBeLessThanOrEqual(before.backends);
  expect(after.signalListeners).toBe(before.signalListeners);
  // A keep-alive socket of the test's own client may come or go.
  for (const key of ['files', 'threads', 'resources'] as const)
    expect(after[key], key).toBeLessThanOrEqual(before[key] + 3);
});
