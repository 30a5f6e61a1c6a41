import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { converged } from './support/convergence.ts';
import { randomFrom } from './support/seeded-random.ts';
import { insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';

test('rescans everything after a lost position; a sweep above its cap fails only its own entity', async ({ skip }) => {
  await using stack = await createStack();
  if (stack.cutHistory === null) skip('the history of this MongoDB is not ours to cut');
  const shapes = [orderShape('shrunk', 'shop.shrunk'), orderShape('steady', 'shop.steady')] as const;
  const [shrunk, steady] = shapes;
  await insertOrders(orders(stack.mongo, shrunk.sourceName), 3_000, randomFrom(1));
  await insertOrders(orders(stack.mongo, steady.sourceName), 500, randomFrom(2));
  {
    await using running = await stack.engine();
    for (const shape of shapes) await running.api.create(shape);
    for (const shape of shapes) await running.api.untilLive(shape.entityName);
  }
  await orders(stack.mongo, shrunk.sourceName).deleteMany({ _id: { $gte: 1_000 } });
  await orders(stack.mongo, steady.sourceName).deleteMany({ _id: { $gte: 490 } });
  stack.cutHistory?.();
  // A real oplog always keeps its newest entry, so that there is a place to start from.
  await insertOrders(orders(stack.mongo, 'shop.elsewhere'), 1, randomFrom(3));

  await using running = await stack.engine({
    ...{
      EMCACHERS_INCIDENT_OPEN_SECONDS: '1',
      EMCACHERS_INCIDENT_CLOSE_SECONDS: '2',
      EMCACHERS_INCIDENT_CHECK_MS: '250',
    },
  });
  const { api } = running;
  const failed = await eventually(async () => {
    const view = await api.entity('shrunk');
    return view.activity === 'failed' ? view : null;
  }, 'the large sweep to be refused');
  expect(failed.health).toBe('failed');
  expect(failed.reason).toMatch(/2,?000/);
  await eventually(async () => (await api.entity('shrunk')).documents === 3_000 || null, 'its rows to be served');
  await eventually(async () => {
    const view = await api.entity('steady');
    return view.activity === 'live' && view.version === 2 ? view : null;
  }, 'the other entity to be live again');
  await converged(stack, steady);
  // Until MongoDB has answered the new leader, the other entity's state is unknown.
  const health = await eventually(async () => {
    const seen = (await (await api.request('GET', '/health')).json()) as { health: string; detail: string };
    return seen.health === 'unknown' ? null : seen;
  }, 'the state of every entity to be known');
  expect(health.health).toBe('failed');
  expect(health.detail).toMatch(/^shrunk: /);

  const incidents = async (query: string) => (await api.request('GET', `/api/v1/incidents?${query}`)).json();
  const untilEqual = (query: string, expected: object, what: string) =>
    eventually(async () => {
      expect(await incidents(query)).toMatchObject(expected);
      return true;
    }, what);
  const refused = { subject: { kind: 'entity', name: 'shrunk' }, errorCode: 'EMC-3004', nextStep: expect.any(String) };
  const lost = { subject: { kind: 'stream', name: 'default' }, errorCode: 'EMC-2003' };
  await untilEqual(
    'state=open&entityName=shrunk',
    { entries: expect.arrayContaining([expect.objectContaining({ ...refused, closedAt: null })]) },
    'the refused sweep to be an incident',
  );
  expect(await incidents('limit=1')).toMatchObject({ entries: [{ id: expect.any(Number) }], next: expect.any(Number) });

  await api.job('shrunk', 'refresh', { allowLargeSweep: true });
  expect(await converged(stack, shrunk)).toBe(1_000);
  await untilEqual('state=open', { entries: [], next: null }, 'every incident to be closed');
  expect(await incidents('state=closed')).toMatchObject({
    entries: expect.arrayContaining([
      expect.objectContaining({ ...refused, closedAt: expect.any(String) }),
      expect.objectContaining({ ...lost, entities: expect.arrayContaining(['shrunk', 'steady']) }),
    ]),
  });
});
