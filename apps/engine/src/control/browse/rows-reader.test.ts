import { expect, test, vi } from 'vitest';
import { openTestOplog } from '../../../test/support/test-oplog.ts';
import { scanToLive } from '../../../test/support/test-page.ts';
import { startReplicator, temporaryDirectory } from '../../../test/support/test-replicator.ts';
import { createRowsReader } from './rows-reader.ts';

test('the offsets of all watched entities, in any case of their names, cost one report of the caches', async () => {
  await using oplog = await openTestOplog();
  using directory = temporaryDirectory();
  for (const name of ['orders', 'prices', 'unwatched']) {
    await oplog.create(name);
    await scanToLive(oplog, name, ['a']);
  }
  await using running = await startReplicator({ database: oplog.database, dataDirectory: directory.path });
  const orders = await running.level('orders');
  const prices = await running.level('prices');
  using status = vi.spyOn(running.replicator, 'status');
  const { offsets } = createRowsReader(running.replicator);
  expect([...offsets(['Orders', 'prices', 'unknown'])]).toEqual([
    ['Orders', orders.offset],
    ['prices', prices.offset],
  ]);
  expect(status).toHaveBeenCalledTimes(1);
  expect(offsets([]).size).toBe(0);
  expect(status).toHaveBeenCalledTimes(1);
});

test('a node without caches has no offsets', () => {
  expect(createRowsReader(null).offsets(['orders']).size).toBe(0);
});
