import type { FleetView } from '@emcachers/core/api-views';
import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { orderShape } from './support/shop.ts';
import { createStack } from './support/stack.ts';

const megabyte = 1024 * 1024;

test('an oplog of MongoDB that spans a moment degrades the status before its position is lost', async ({ skip }) => {
  await using stack = await createStack({ historyBytesMax: 2 * megabyte });
  if (stack.cutHistory === null) skip('the size of the oplog of this MongoDB is not ours to choose');
  await stack.mongo.db('shop').createCollection('orders');
  await using running = await stack.engine({ EMCACHERS_HEADROOM_CHECK_SECONDS: '1' });
  const { api } = running;
  await api.create(orderShape('orders', 'shop.orders'));
  await api.untilLive('orders');
  const fleet = async (): Promise<FleetView> =>
    (await api.request('GET', '/api/v1/fleet')).json() as Promise<FleetView>;
  const calm = await eventually(async () => {
    const view = await fleet();
    return view.sourceOplog.level === 'unknown' ? null : view;
  }, 'the first look at the oplog');
  expect(calm.sourceOplog).toMatchObject({
    level: 'ok',
    headroomMs: null,
    reason: expect.stringMatching(/removed nothing/),
  });

  const text = 'x'.repeat(megabyte / 2);
  for (let id = 0; id < 8; id += 1) await stack.mongo.db('shop').collection('elsewhere').insertOne({ text });
  const short = await eventually(async () => {
    const view = await fleet();
    return view.sourceOplog.level === 'critical' ? view : null;
  }, 'the shortage to be seen');
  expect(short.health).toBe('degraded');
  expect(short.sentence).toMatch(/the position in MongoDB is about to be lost/);
  expect(short.entities.map(({ health }) => health)).toEqual(['ok']);

  const health = (await (await api.request('GET', '/health')).json()) as { warnings: object[]; health: string };
  expect(health).toMatchObject({
    health: 'degraded',
    warnings: [{ entityName: null, warning: expect.stringContaining('EMC-2021') }],
  });
  const metrics = await (await api.request('GET', '/metrics')).text();
  expect(metrics).toMatch(/^emcachers_source_oplog_window_seconds \d+$/m);
  expect(metrics).toMatch(/^emcachers_source_oplog_headroom_seconds \d+(\.\d+)?$/m);
});
