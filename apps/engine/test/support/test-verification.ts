import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { requestVerification, type Verification, verificationsOf } from '@emcachers/db/verify/verifications';
import Sqlite from 'better-sqlite3';
import { expect } from 'vitest';
import { openTestOplog, type TestOplog } from './test-oplog.ts';
import { scanToLive } from './test-page.ts';
import { type RunningReplicator, startReplicator, temporaryDirectory } from './test-replicator.ts';

export const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `o${index}`);

/** A live entity `orders` and a directory for its caches. */
export async function openOrders(count = 2_500) {
  const oplog = await openTestOplog();
  const directory = temporaryDirectory();
  await oplog.create('orders');
  const orders = await scanToLive(oplog, 'orders', ids(count));
  return {
    oplog,
    orders,
    directory,
    start: (options = {}) => startReplicator({ database: oplog.database, dataDirectory: directory.path }, options),
    async [Symbol.asyncDispose]() {
      await oplog[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

const isSettled = ({ state }: Verification): boolean => state !== 'requested' && state !== 'running';

/** Asks node `test` for a verification, and waits for its end. */
export async function verify(
  oplog: TestOplog,
  running: RunningReplicator,
  { entityId, repair = false }: { entityId: number; repair?: boolean },
): Promise<Verification> {
  const jobId = randomUUID();
  const request = { entityId, jobId, repair, nodeIds: ['test'] };
  await requestVerification(oplog.database.pool, request);
  running.replicator.entitiesChanged();
  const settled = async () => (await verificationsOf(oplog.database.pool, jobId)).find(isSettled);
  await expect.poll(settled, { timeout: 30_000, interval: 20 }).toBeDefined();
  const found = await settled();
  if (found === undefined) throw new Error('The verification went away.');
  return found;
}

/** Runs SQL in the file of `orders` as another program would. The engine is stopped. */
export function spoilOrders(dataDirectory: string, sql: string): void {
  const database = new Sqlite(join(dataDirectory, 'dbs/orders/db.sqlite'));
  database.exec(sql);
  database.close();
}
