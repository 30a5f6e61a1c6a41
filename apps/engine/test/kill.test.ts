import { expect, test } from 'vitest';
import { type ApiClient, eventually } from './support/api-client.ts';
import { converged } from './support/convergence.ts';
import { startEngineProcess } from './support/engine-process.ts';
import { randomFrom } from './support/seeded-random.ts';
import { changeOrders, insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack, type Stack } from './support/stack.ts';
import { testRandom } from './support/test-random.ts';

const rounds = Number(process.env['EMCACHERS_TEST_KILLS'] ?? '5');
const documents = 5_000;
const shapes = [orderShape('orders'), orderShape('copies')] as const;

test(`converges after each restart when killed at ${rounds} random moments`, {
  timeout: 60_000 + rounds * 30_000,
}, async () => {
  const random = testRandom();
  await using stack = await createStack();
  const collection = orders(stack.mongo);
  await insertOrders(collection, documents, random);
  const change = (): Promise<void> => changeOrders(collection, documents, random);
  for (let round = 0; round < rounds; round += 1) {
    await runUntilKilled(stack, async (api) => {
      await beginWork(api, round);
      const until = performance.now() + random() * 1_500;
      while (performance.now() < until) await change();
    });
    await change();
    await convergesAfterRestart(stack);
  }
});

async function runUntilKilled(stack: Stack, work: (api: ApiClient) => Promise<void>): Promise<void> {
  await using running = startEngineProcess(stack.environment());
  await work(await running.ready);
  running.child.kill('SIGKILL');
  await running.ended;
}

/** The first round creates the entities. Every second round refreshes one, so that scans are interrupted too. */
async function beginWork(api: ApiClient, round: number): Promise<void> {
  if (round === 0) for (const shape of shapes) await api.create(shape);
  else if (round % 2 === 1) await api.request('POST', '/api/v1/entities/orders/refresh');
}

async function convergesAfterRestart(stack: Stack): Promise<void> {
  await using running = startEngineProcess(stack.environment());
  const api = await running.ready;
  for (const shape of shapes) {
    await api.untilLive(shape.entityName);
    await converged(stack, shape);
  }
  running.child.kill('SIGTERM');
  expect(await running.ended).toMatchObject({ code: 0 });
}

test('the first signal drains the engine and it exits with 0 in any state', async () => {
  await using stack = await createStack();
  await insertOrders(orders(stack.mongo), documents, randomFrom(7));
  await using running = startEngineProcess(stack.environment());
  const api = await running.ready;
  await api.create(shapes[0]);
  await eventually(async () => ((await api.entity('orders')).scan.scanned > 0 ? true : null), 'the scan to begin');
  const startedMs = performance.now();
  running.child.kill('SIGTERM');
  expect(await running.ended).toMatchObject({ code: 0, signal: null });
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});
