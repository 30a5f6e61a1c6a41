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

test('a verification that PostgreSQL refuses each time ends with the words of the server', async () => {
  await using world = await openOrders(10);
  const { oplog, orders } = world;
  const { pool } = oplog.database;
  await using running = await world.start();
  await running.level('orders', (await oplog.page()).head);
  // In the partition's place, a view that answers as a sort does for which the disk has no space.
  await pool.query(`
    CREATE FUNCTION no_space() RETURNS SETOF oplog LANGUAGE plpgsql AS $$
      BEGIN
        RAISE EXCEPTION 'could not write to the temporary file' USING ERRCODE = 'disk_full';
      END $$;
    ALTER TABLE oplog_e${orders} RENAME TO oplog_elsewhere;
    CREATE VIEW oplog_e${orders} AS SELECT * FROM no_space()`);
  expect(await verify(oplog, running, { entityId: orders })).toMatchObject({
    state: 'failed',
    message: expect.stringMatching(/^EMC-3001 .*could not write to the temporary file/),
  });
  await pool.query(`DROP VIEW oplog_e${orders}; ALTER TABLE oplog_elsewhere RENAME TO oplog_e${orders}`);
  expect(await verify(oplog, running, { entityId: orders })).toMatchObject({ state: 'clean', compared: 10 });
});
