import { openDatabase } from '@emcachers/db/database';
import { expect, test } from 'vitest';
import { faultProxy } from '../../../test/support/fault-proxy.ts';
import { openTestOplog } from '../../../test/support/test-oplog.ts';
import { createOplogReader } from './oplog-reader.ts';

test('a page that PostgreSQL does not answer is given up, and the next one is read on another connection', async () => {
  await using oplog = await openTestOplog();
  const address = new URL(oplog.database.url);
  await using proxy = await faultProxy(Number(address.port));
  address.host = `127.0.0.1:${proxy.port}`;
  const database = openDatabase({ url: address.href, pageMsMax: 1_000 });
  const reader = createOplogReader(database);
  const read = () => reader.readPage({ streamId: 1, afterId: 0, entityIds: [], limitRows: 1, limitBytes: 1 });
  const { historyId } = await read();
  proxy.blackHole();
  await expect(read()).rejects.toThrow('EMC-3001');
  await expect.poll(() => database.pagePool.totalCount).toBe(0);
  proxy.restore();
  expect(await read()).toMatchObject({ historyId });
  await database.close();
});
