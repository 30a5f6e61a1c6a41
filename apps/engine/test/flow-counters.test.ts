import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { converged } from './support/convergence.ts';
import { randomFrom } from './support/seeded-random.ts';
import { insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';

test('an operator who sets a tiny channel sees in metrics and log how its entity was held back, and loses nothing', async () => {
  await using stack = await createStack();
  await using running = await stack.engine({
    EMCACHERS_CHANNEL_OPERATIONS_MAX: '4',
    EMCACHERS_BATCH_OPERATIONS_MAX: '2',
    EMCACHERS_BATCH_LINGER_MS: '0',
    EMCACHERS_COUNTERS_LOG_SECONDS: '1',
  });
  const { api } = running;
  const shape = orderShape('orders');
  await api.create(shape);
  await api.untilLive('orders');
  await insertOrders(orders(stack.mongo), 40, randomFrom(1));
  expect(await converged(stack, shape)).toBe(40);
  const metrics = await (await api.request('GET', '/metrics')).text();
  const metric = (name: string): number =>
    Number(new RegExp(`^emcachers_channel_${name}\\{entity="orders"\\} (.+)$`, 'm').exec(metrics)?.[1]);
  expect(metric('processed_operations_total')).toBe(40);
  expect(metric('blocked_total')).toBeGreaterThan(0);
  expect(metric('blocked_seconds_total')).toBeGreaterThan(0);
  expect(metric('dead_letters_total')).toBe(0);
  const logged = await eventually(async () => {
    const flows = running.logLines.flatMap((line) => flowsIn(line));
    const processed = flows.reduce((sum, flow) => sum + flow.processed, 0);
    return processed === 40 ? flows : null;
  }, 'the lines with the counters');
  expect(logged.some(({ blocked, blockedMs }) => blocked > 0 && blockedMs > 0)).toBe(true);
});

interface LoggedFlow {
  readonly entityName: string;
  readonly processed: number;
  readonly blocked: number;
  readonly blockedMs: number;
}

function flowsIn(line: string): readonly LoggedFlow[] {
  const { msg, entities } = JSON.parse(line) as { msg: string; entities?: readonly LoggedFlow[] };
  return msg === 'Operations since the last such line.' && entities !== undefined ? entities : [];
}
