import { createFleetReader } from '@emcachers/db/fleet/read-fleet';
import { expect, test } from 'vitest';
import { upsert } from '../../../../test/support/test-page.ts';
import { cachedRows, startReplicator } from '../../../../test/support/test-replicator.ts';
import { ids, openOrders, spoilOrders, verify } from '../../../../test/support/test-verification.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { openCacheStore } from '../../sqlite-cache/threaded-cache-store.ts';
import { type ComparisonLimits, compareCache } from './compare-cache.ts';

const documents = 2_500;

/** Compares while all documents change after the snapshot of the comparison, which then sees the older rows. */
async function compareBehind(limits: ComparisonLimits) {
  await using world = await openOrders(documents);
  const { oplog, orders, directory } = world;
  const store = openCacheStore({ clock: systemClock, dataDirectory: directory.path, graceMs: 200 });
  const parts = { database: oplog.database, dataDirectory: directory.path, openStore: () => store };
  await using running = await startReplicator(parts);
  await running.level('orders', (await oplog.page()).head);
  let isFirst = true;
  const { reader } = oplog;
  const behind: typeof reader.readNewest = (request, each) =>
    reader.readNewest(request, async (page) => {
      if (isFirst) {
        await oplog.append(...ids(documents).map((docId) => upsert(orders, docId, [1, 'now'])));
        await running.level('orders', (await oplog.page()).head);
      }
      isFirst = false;
      return each(page);
    });
  return await compareCache(
    { clock: systemClock, oplog: { ...reader, readNewest: behind }, store, rowsPerSecondMax: 1_000_000, limits },
    { entityId: orders, signal: new AbortController().signal, onProgress: () => Promise.resolve() },
  );
}

const nothing = { missing: [], extra: [], different: [] };

test('an entity of which more rows change meanwhile than may differ is compared to the end', async () => {
  const { compared, differences, incomplete } = await compareBehind({ suspectsMax: 10_000, differencesMax: 100 });
  expect({ compared, differences, incomplete }).toEqual({
    compared: documents,
    differences: nothing,
    incomplete: null,
  });
});

test('an entity that changes faster than it is compared is not called right', async () => {
  const { differences, incomplete } = await compareBehind({ suspectsMax: 1_500, differencesMax: 100 });
  expect({ differences, code: incomplete?.code }).toEqual({ differences: nothing, code: 'EMC-5021' });
});

test('a cache with more wrong rows than can be mended is degraded, and a repair leaves it to a rebuild (I12)', async () => {
  await using world = await openOrders(20_500);
  const { oplog, orders, directory } = world;
  {
    await using running = await world.start();
    await running.level('orders', (await oplog.page()).head);
  }
  spoilOrders(directory.path, `UPDATE orders SET t = 'wrong'`);
  await using running = await world.start({ verifyRowsPerSecondMax: 1_000_000 });
  await running.level('orders');
  const read = createFleetReader(oplog.database.pool);
  for (const repair of [false, true]) {
    expect(await verify(oplog, running, { entityId: orders, repair })).toMatchObject({
      state: 'different',
      different: 20_500,
      message: expect.stringMatching(/^EMC-4006 More than 20000 rows .* Rebuild the cache\.$/),
    });
    const wrong = async () => (await read()).caches.map(({ differences }) => differences);
    await expect.poll(wrong, { timeout: 20_000, interval: 20 }).toEqual([20_500]);
  }
  expect(cachedRows(directory.path, 'orders').get('o0')).toMatchObject({ t: 'wrong' });
});
