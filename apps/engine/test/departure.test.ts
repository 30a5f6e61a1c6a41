import path from 'node:path';
import type { FleetView } from '@emcachers/core/api-views';
import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { randomFrom } from './support/seeded-random.ts';
import { insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';

test('a node that stops in good order leaves the fleet healthy, and is there again when it returns', async () => {
  await using stack = await createStack();
  await insertOrders(orders(stack.mongo), 100, randomFrom(1));
  await using running = await stack.engine();
  const fleet = async (): Promise<FleetView> =>
    (await (await running.api.request('GET', '/api/v1/fleet')).json()) as FleetView;
  const settled = (nodes: number): Promise<FleetView> =>
    eventually(async () => {
      const seen = await fleet();
      const isSettled = seen.health === 'ok' && seen.entities[0]?.nodes.length === nodes;
      return isSettled ? seen : null;
    }, `${nodes} healthy nodes`);
  await running.api.create(orderShape('orders'));
  await running.api.untilLive('orders');
  const settings = { EMCACHERS_NODE_ID: 'second', EMCACHERS_DATA_DIR: path.join(stack.dataDir, '..', 'second') };
  {
    await using _second = await stack.engine(settings);
    await settled(2);
  }
  const left = await settled(1);
  expect(left.sentence).toBe('1 of 1 entity is live and fresh.');
  expect(left.nodes.find(({ nodeId }) => nodeId === 'second')?.leftAt).not.toBeNull();
  const forget = (nodeId: string): Promise<Response> => running.api.request('DELETE', `/api/v1/nodes/${nodeId}`);
  const refused = await forget('test-node');
  expect([refused.status, await refused.json()]).toEqual([409, expect.objectContaining({ code: 'EMC-5004' })]);
  const forgotten = (await (await forget('second')).json()) as FleetView;
  expect(forgotten.nodes.map(({ nodeId }) => nodeId)).toEqual(['test-node']);
  await using _again = await stack.engine(settings);
  const back = await settled(2);
  expect(back.nodes.map(({ leftAt }) => leftAt)).toEqual([null, null]);
});
