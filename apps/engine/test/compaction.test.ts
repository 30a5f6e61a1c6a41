import path from 'node:path';
import { runOnServer } from '@emcachers/db/testing';
import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { converged } from './support/convergence.ts';
import { changeOrders, insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';
import { testRandom } from './support/test-random.ts';

const shape = orderShape('orders');
const documents = 2_000;
const compacting = {
  EMCACHERS_COMPACTION_SECONDS: '1',
  EMCACHERS_COMPACTION_ENTRIES_MIN: '100',
  EMCACHERS_TOMBSTONE_HOURS: '0',
};

test('the leader keeps the oplog small, and a node that was away too long rebuilds its cache by itself', async () => {
  const random = testRandom();
  await using stack = await createStack();
  const collection = orders(stack.mongo);
  await insertOrders(collection, documents, random);
  await using leader = await stack.engine(compacting);
  await leader.api.create(shape);
  await leader.api.untilLive('orders');
  const away = {
    EMCACHERS_ROLES: 'replicate,api',
    EMCACHERS_NODE_ID: 'away',
    EMCACHERS_DATA_DIR: path.join(stack.dataDir, '..', 'away'),
  };
  {
    await using node = await stack.engine(away);
    await eventually(
      async () => ((await node.api.entity('orders')).cachePath === null ? null : true),
      'its first cache',
    );
  }
  for (let batch = 0; batch < 12; batch += 1) await changeOrders(collection, documents, random);
  // What happens to a node without a heartbeat for a day.
  await runOnServer(stack.databaseUrl, `DELETE FROM node WHERE id = 'away'`);
  const { oplog } = await eventually(async () => {
    const view = await leader.api.entity('orders');
    return view.oplog.removed > 200 && view.oplog.compactedAt !== null ? view : null;
  }, 'a finished compaction');
  expect(oplog).toMatchObject({ horizon: expect.any(Number), heldBy: null });
  expect(oplog.horizon).toBeGreaterThan(0);
  await using node = await stack.engine(away);
  await eventually(
    () => Promise.resolve(node.logLines.some((line) => line.includes('EMC-3006')) ? true : null),
    'the log line of the rebuild',
  );
  await node.api.untilLive('orders');
  await converged(stack, shape);
  await converged({ ...stack, dataDir: away.EMCACHERS_DATA_DIR }, shape);
}, 120_000);
