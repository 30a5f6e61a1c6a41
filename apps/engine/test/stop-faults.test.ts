import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { startEngineProcess } from './support/engine-process.ts';
import { faultProxy } from './support/fault-proxy.ts';
import { randomFrom } from './support/seeded-random.ts';
import { insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';

const stopMsMax = 30_000;

test('with a PostgreSQL that does not answer, the engine stops in time with exit code 0, also while a job runs', {
  timeout: 120_000,
}, async () => {
  await using stack = await createStack();
  await insertOrders(orders(stack.mongo), 2_000, randomFrom(1));
  const url = new URL(stack.databaseUrl);
  await using proxy = await faultProxy(Number(url.port));
  url.host = `127.0.0.1:${proxy.port}`;
  await using running = startEngineProcess(stack.environment({ DATABASE_URL: url.href }));
  const api = await running.ready;
  await api.create(orderShape('orders'));
  await api.untilLive('orders');
  // The scan stops at its first page, so the job waits for it.
  const scanning = proxy.holdAt('\tUpsert\t');
  const answer = await api.request('POST', '/api/v1/entities/orders/refresh', { body: {} });
  const { jobId } = (await answer.json()) as { jobId: string };
  await scanning;
  await eventually(async () => {
    const job = (await (await api.request('GET', `/api/v1/jobs/${jobId}`)).json()) as { status: string };
    return job.status === 'running' ? true : null;
  }, 'the job to run');
  proxy.blackHole();
  const asked = api.request('GET', '/api/v1/jobs').catch(() => undefined);
  const startMs = performance.now();
  running.child.kill('SIGTERM');
  const { code, signal, words } = await running.ended;
  expect(performance.now() - startMs).toBeLessThan(stopMsMax);
  expect({ code, signal }).toEqual({ code: 0, signal: null });
  expect(words).not.toMatch(/EMC-5999|Cannot use a pool/);
  await asked;
});
