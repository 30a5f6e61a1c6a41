import { requestRebuild, setPaused } from '@emcachers/db/control/entity-requests';
import { listOffsets } from '@emcachers/db/control/offset-reports';
import { expect, test } from 'vitest';
import { openTestOplog } from '../../../test/support/test-oplog.ts';
import { scanToLive } from '../../../test/support/test-page.ts';
import { startReplicator, temporaryDirectory } from '../../../test/support/test-replicator.ts';

test('a publication, a pause, its end and a rebuild are reported when they happen, not at the next interval', async () => {
  await using oplog = await openTestOplog();
  using directory = temporaryDirectory();
  const { database } = oplog;
  await oplog.create('orders');
  const orders = await scanToLive(oplog, 'orders', ['a', 'b']);
  // An hour: only a wake-up reports.
  await using running = await startReplicator({ database, dataDirectory: directory.path }, { reportMs: 3_600_000 });
  const { replicator } = running;
  const reported = async () => {
    const [report] = await listOffsets(database);
    return report === undefined
      ? null
      : { state: report.state, generation: report.generation, published: report.published };
  };
  await expect.poll(reported).toEqual({ state: 'level', generation: 1, published: true });
  await setPaused(database, { entityId: orders, paused: true });
  replicator.entitiesChanged();
  await expect.poll(reported).toMatchObject({ state: 'paused' });
  await setPaused(database, { entityId: orders, paused: false });
  replicator.entitiesChanged();
  await expect.poll(reported).toMatchObject({ state: 'level', generation: 1 });
  await requestRebuild(database, orders);
  replicator.entitiesChanged();
  await expect.poll(reported).toEqual({ state: 'level', generation: 2, published: true });
});
