import { randomUUID } from 'node:crypto';
import { createFleetReader } from '@emcachers/db/fleet/read-fleet';
import { cancelVerification, requestVerification, verificationsOf } from '@emcachers/db/verify/verifications';
import { expect, test } from 'vitest';
import { deletion, expectedRows, upsert } from '../../../../test/support/test-page.ts';
import { cachedRows } from '../../../../test/support/test-replicator.ts';
import { ids, openOrders, spoilOrders, verify } from '../../../../test/support/test-verification.ts';

/** Damage that no check of the file's structure can see. */
const damage = `
    DELETE FROM orders WHERE doc_id IN ('o7', 'o2499');
    INSERT INTO orders (doc_id, n, t) VALUES ('o', 1, 'extra'), ('zzz', 2, 'extra');
    UPDATE orders SET t = 'wrong' WHERE doc_id = 'o5';
    UPDATE orders SET n = n + 1 WHERE doc_id IN ('o0', 'o1000');
    UPDATE metadata SET value = '2499' WHERE key = 'documents';`;

test('a verification names exactly the rows that are missing, extra and different, and a repair mends exactly these', async () => {
  await using world = await openOrders();
  const { oplog, orders, directory } = world;
  {
    await using running = await world.start();
    await running.level('orders', (await oplog.page()).head);
    expect(await verify(oplog, running, { entityId: orders })).toMatchObject({ state: 'clean', compared: 2_500 });
  }
  spoilOrders(directory.path, damage);
  await using running = await world.start();
  await running.level('orders');
  const differing = {
    ...{ compared: 2_500, missing: 2, extra: 2, different: 3 },
    samples: { missing: ['o2499', 'o7'], extra: ['o', 'zzz'], different: ['o0', 'o1000', 'o5'] },
    message: expect.stringContaining('has 2500 rows, and its metadata says 2499'),
  };
  expect(await verify(oplog, running, { entityId: orders })).toMatchObject({ state: 'different', ...differing });
  expect(await verify(oplog, running, { entityId: orders, repair: true })).toMatchObject({
    state: 'repaired',
    ...differing,
  });
  expect(cachedRows(directory.path, 'orders')).toEqual(await expectedRows(oplog, orders));
  expect(await verify(oplog, running, { entityId: orders })).toMatchObject({ state: 'clean' });
  // The same file: nothing was built again.
  expect(running.status('orders')).toMatchObject({ generation: 1, documents: 2_500, state: 'level' });
});

test('while documents change, come and go, a sound cache is clean, and a repair never writes an older row over a newer one (I1, I6)', async () => {
  await using world = await openOrders();
  const { oplog, orders, directory } = world;
  {
    await using running = await world.start();
    await running.level('orders', (await oplog.page()).head);
  }
  spoilOrders(directory.path, damage);
  await using running = await world.start({ verifyRowsPerSecondMax: 5_000 });
  await running.level('orders');
  let isWriting = true;
  const writing = (async () => {
    for (let round = 0; isWriting; round += 1) {
      const touched = ids(2_600).filter((_, index) => (index * 31 + round) % 97 === 0);
      const change = (docId: string) =>
        round % 3 === 0 ? deletion(orders, docId) : upsert(orders, docId, [round, 'now']);
      await oplog.append(...touched.map(change));
    }
  })();
  const first = await verify(oplog, running, { entityId: orders, repair: true });
  expect(['repaired', 'clean']).toContain(first.state);
  for (let round = 0; round < 3; round += 1)
    expect(await verify(oplog, running, { entityId: orders })).toMatchObject({
      state: 'clean',
      missing: 0,
      extra: 0,
      different: 0,
    });
  isWriting = false;
  await writing;
  await running.level('orders', (await oplog.page()).head);
  expect(cachedRows(directory.path, 'orders')).toEqual(await expectedRows(oplog, orders));
});

test('a cancelled verification stops, and the next one runs', async () => {
  await using world = await openOrders();
  const { oplog, orders } = world;
  // In pages of 500 rows, each of which takes a second.
  await using running = await world.start({ verifyRowsPerSecondMax: 500 });
  await running.level('orders', (await oplog.page()).head);
  const jobId = randomUUID();
  await requestVerification(oplog.database.pool, { entityId: orders, jobId, repair: false, nodeIds: ['test'] });
  running.replicator.entitiesChanged();
  const states = async () => (await verificationsOf(oplog.database.pool, jobId)).map(({ state }) => state);
  await expect.poll(states, { timeout: 20_000, interval: 20 }).toEqual(['running']);
  await cancelVerification(oplog.database.pool, jobId);
  expect(await states()).toEqual(['cancelled']);
  expect((await verify(oplog, running, { entityId: orders })).state).toBe('clean');
});

test('wrong rows are reported while the next verification runs and after it is cancelled, until they are mended (I12)', async () => {
  await using world = await openOrders();
  const { oplog, orders, directory } = world;
  const { pool } = oplog.database;
  {
    await using running = await world.start();
    await running.level('orders', (await oplog.page()).head);
  }
  spoilOrders(directory.path, damage);
  // In pages of 1,000 rows, each of which takes a second.
  await using running = await world.start({ verifyRowsPerSecondMax: 1_000 });
  await running.level('orders');
  const read = createFleetReader(pool);
  const wrong = async () => (await read()).caches.map(({ differences }) => differences);
  expect((await verify(oplog, running, { entityId: orders })).state).toBe('different');
  await expect.poll(wrong, { timeout: 20_000, interval: 20 }).toEqual([7]);
  const jobId = randomUUID();
  await requestVerification(pool, { entityId: orders, jobId, repair: true, nodeIds: ['test'] });
  expect(await wrong()).toEqual([7]);
  running.replicator.entitiesChanged();
  const states = async () => (await verificationsOf(pool, jobId)).map(({ state }) => state);
  await expect.poll(states, { timeout: 20_000, interval: 20 }).toEqual(['running']);
  expect(await wrong()).toEqual([7]);
  await cancelVerification(pool, jobId);
  expect([await states(), await wrong()]).toEqual([['cancelled'], [7]]);
  expect((await verify(oplog, running, { entityId: orders, repair: true })).state).toBe('repaired');
  expect(await wrong()).toEqual([0]);
});
