import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { converged } from './support/convergence.ts';
import { changeOrders, insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';
import { testRandom } from './support/test-random.ts';

const shape = orderShape('orders');
const documents = 20_000;

test('a stop during a scan or during live changes loses nothing', async () => {
  const random = testRandom();
  await using stack = await createStack();
  const collection = orders(stack.mongo);
  await insertOrders(collection, documents, random);
  let scannedAtStop = 0;
  {
    await using running = await stack.engine();
    await running.api.create(shape);
    const seen = await eventually(async () => {
      const view = await running.api.entity('orders');
      return view.scan.scanned > 0 ? view : null;
    }, 'the scan to begin');
    scannedAtStop = seen.scan.scanned;
  }
  expect(scannedAtStop).toBeGreaterThan(0);
  await changeOrders(collection, documents, random);
  {
    await using running = await stack.engine();
    await running.api.untilLive('orders');
    for (let batch = 0; batch < 10; batch += 1) await changeOrders(collection, documents, random);
  }
  await changeOrders(collection, documents, random);
  await using running = await stack.engine();
  await running.api.untilLive('orders');
  await converged(stack, shape);
  // Going on is not starting over: one scan was enough.
  expect((await running.api.entity('orders')).version).toBe(1);
});

test('a second engine on the same data directory fails with an error that names the variable', async () => {
  await using stack = await createStack();
  await using _first = await stack.engine();
  await using second = await stack.engine({ EMCACHERS_NODE_ID: 'other' });
  expect((await second.engine.fatal).code).toBe('EMC-1003');
});
