import path from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { converged } from './support/convergence.ts';
import { startEngineProcess } from './support/engine-process.ts';
import { changeOrders, insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';
import { testRandom } from './support/test-random.ts';

const shape = orderShape('orders');

test('after the leader is killed, another node leads within seconds and both nodes have the same rows', async () => {
  const random = testRandom();
  await using stack = await createStack();
  const collection = orders(stack.mongo);
  await insertOrders(collection, 2_000, random);
  const second = { mongo: stack.mongo, dataDir: path.join(stack.dataDir, '..', 'second') };
  const secondSettings = { EMCACHERS_NODE_ID: 'second', EMCACHERS_DATA_DIR: second.dataDir };

  await using first = startEngineProcess(stack.environment({ EMCACHERS_NODE_ID: 'first' }));
  await (await first.ready).create(shape);
  await (await first.ready).untilLive('orders');
  await using standby = startEngineProcess(stack.environment(secondSettings));
  const api = await standby.ready;
  const both = await eventually(async () => {
    const view = await api.entity('orders');
    return view.nodes.length === 2 && view.nodes.every((node) => node.lagEntries === 0) ? view : null;
  }, 'both nodes to be level');
  expect(both.nodes.map((node) => node.nodeId)).toEqual(['first', 'second']);
  await converged(second, shape);

  first.child.kill('SIGKILL');
  await first.ended;
  await changeOrders(collection, 2_000, random);
  const killedMs = performance.now();
  await converged(second, shape);
  expect(performance.now() - killedMs).toBeLessThan(20_000);
  const fleet = (await (await api.request('GET', '/api/v1/fleet')).json()) as { leader: { nodeId: string } };
  expect(fleet.leader.nodeId).toBe('second');

  // The killed node's silence is told, never taken for health.
  const late = await eventually(async () => {
    const view = await api.entity('orders');
    return view.nodes.find((node) => node.nodeId === 'first')?.health === 'unknown' ? view : null;
  }, 'the silence of the first node to be noticed');
  expect(late).toMatchObject({ health: 'degraded' });
  expect(late.reason).toMatch(/^No report from first/);

  await using again = startEngineProcess(stack.environment({ EMCACHERS_NODE_ID: 'first' }));
  await (await again.ready).untilLive('orders');
  await converged(stack, shape);
});
