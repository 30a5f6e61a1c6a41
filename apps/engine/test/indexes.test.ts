import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { converged } from './support/convergence.ts';
import { randomFrom } from './support/seeded-random.ts';
import { insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';

const shape = orderShape('orders');
const path = '/api/v1/entities/orders/indexes';

test('indexes are declared at creation and changed by PUT without a scan; a wrong one is refused with its place', async () => {
  await using stack = await createStack();
  await insertOrders(orders(stack.mongo), 300, randomFrom(1));
  await using running = await stack.engine();
  const { api } = running;
  const created = await api.request('POST', '/api/v1/entities', {
    body: { ...shape, indexes: [{ columns: ['CITY'] }] },
  });
  expect(created.status).toBe(201);
  const live = await api.untilLive('orders');
  const ready = [{ nodeId: 'test-node', state: 'ready', reason: null }];
  expect(live.indexes).toEqual([{ columns: ['city'], nodes: ready }]);

  const wrong = { indexes: [{ columns: ['city'] }, { columns: ['customer'], unique: true }] };
  const refused = await api.request('PUT', path, { body: wrong });
  expect(refused.status).toBe(400);
  expect(await refused.json()).toMatchObject({ code: 'EMC-5001', errors: [{ path: ['indexes', 1] }] });

  const changed = await api.request('PUT', path, { body: { indexes: [{ columns: ['paid', 'total'] }] } });
  expect(changed.status).toBe(200);
  const after = await eventually(async () => {
    const view = await api.entity('orders');
    return view.indexes[0]?.nodes[0]?.state === 'ready' ? view : null;
  }, 'the other index');
  expect(after).toMatchObject({ version: 1, indexes: [{ columns: ['paid', 'total'], nodes: ready }], warnings: [] });
  expect(after.nodes[0]?.generation).toBe(1);
  expect(await converged(stack, shape)).toBe(300);
});
