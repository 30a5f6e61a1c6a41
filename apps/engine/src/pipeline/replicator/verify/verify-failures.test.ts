import { expect, test } from 'vitest';
import { upsert } from '../../../../test/support/test-page.ts';
import { openOrders, verify } from '../../../../test/support/test-verification.ts';

test('an error that is not in the catalogue ends the verification, not the replicator', async () => {
  await using world = await openOrders(10);
  const { oplog, orders } = world;
  const { pool } = oplog.database;
  await using running = await world.start();
  await running.level('orders', (await oplog.page()).head);
  // The follower reads the parent table, a verification the partition by its name.
  await pool.query(`ALTER TABLE oplog_e${orders} RENAME TO oplog_elsewhere`);
  expect(await verify(oplog, running, { entityId: orders })).toMatchObject({
    state: 'failed',
    message: `EMC-5999 relation "oplog_e${orders}" does not exist`,
  });
  await pool.query(`ALTER TABLE oplog_elsewhere RENAME TO oplog_e${orders}`);
  await oplog.append(upsert(orders, 'o3', [1, 'now']));
  await running.level('orders', (await oplog.page()).head);
  expect(await verify(oplog, running, { entityId: orders })).toMatchObject({ state: 'clean', compared: 10 });
});
