import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { faultProxy } from './support/fault-proxy.ts';
import { randomFrom } from './support/seeded-random.ts';
import { insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';

interface Report {
  readonly health: string;
  readonly ageMs: number;
  readonly components: readonly { readonly name: string; readonly health: string }[];
}

test('with a PostgreSQL that does not answer, every call answers with the last picture, its age, and no verdict of ok', async () => {
  await using stack = await createStack();
  await insertOrders(orders(stack.mongo), 100, randomFrom(1));
  const url = new URL(stack.databaseUrl);
  await using proxy = await faultProxy(Number(url.port));
  url.host = `127.0.0.1:${proxy.port}`;
  await using running = await stack.engine({ DATABASE_URL: url.href });
  const { api } = running;
  await api.create(orderShape('orders'));
  await api.untilLive('orders');
  await api.untilWell();
  proxy.blackHole();
  const report = await eventually(async () => {
    const seen = (await (await api.request('GET', '/health')).json()) as Report;
    return seen.components.some(({ name, health }) => name === 'oplog' && health === 'unknown') ? seen : null;
  }, '/health to say that it does not know');
  expect(report.ageMs).toBeGreaterThanOrEqual(3_000);
  expect(report.health).toBe('unknown');
  const listed: unknown = await (await api.request('GET', '/api/v1/entities')).json();
  expect(listed).toMatchObject([
    {
      documents: 100,
      health: 'unknown',
      reason: expect.stringContaining('PostgreSQL cannot be reached; this was its state'),
    },
  ]);
  expect(await api.entity('orders')).toMatchObject({ documents: 100, health: 'unknown' });
  proxy.restore();
  await eventually(async () => {
    const seen = (await (await api.request('GET', '/health')).json()) as Report;
    return seen.health === 'ok' ? true : null;
  }, '/health to be ok again');
});
