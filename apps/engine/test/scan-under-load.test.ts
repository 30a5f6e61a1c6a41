import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { converged } from './support/convergence.ts';
import { changeOrders, insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';
import { testRandom } from './support/test-random.ts';

const shape = orderShape('orders');
const documents = 20_000;

test('the cache of 20,000 documents that change during the scan equals the projection of the source', async () => {
  const random = testRandom();
  await using stack = await createStack();
  const collection = orders(stack.mongo);
  await insertOrders(collection, documents, random);
  await using running = await stack.engine();
  let isLive = false;
  const writing = (async () => {
    let batches = 0;
    for (; !isLive || batches < 20; batches += 1) await changeOrders(collection, documents, random);
    return batches;
  })();
  await running.api.create(shape);
  // Not until the lag is 0 as well: while the writer goes on, that is a matter of luck. `converged` waits for every row.
  await eventually(
    async () => ((await running.api.entity('orders')).activity === 'live' ? true : null),
    'orders to be live',
  ).finally(() => {
    isLive = true;
  });
  expect(await writing).toBeGreaterThanOrEqual(20);
  await converged(stack, shape);

  // A second scan beside the changes: a new version over rows that are being served.
  isLive = false;
  const again = (async () => {
    while (!isLive) await changeOrders(collection, documents, random);
  })();
  await running.api.job('orders', 'refresh').finally(() => {
    isLive = true;
  });
  await again;
  await converged(stack, shape);
  expect((await running.api.entity('orders')).version).toBe(2);
});
