import { requestRefresh } from '@emcachers/db/control/entity-requests';
import { expect, test } from 'vitest';
import { noCounts, openTestOplog, upsert } from '../../../test/support/test-oplog.ts';

const docIds = Array.from({ length: 120 }, (_, index) => `doc-${index}`);

test.each([
  ['refused', { share: 0.2, documents: 10 }],
  ['unproven', { share: 0.5, documents: 10 }],
  ['unproven', { share: 0.2, documents: 60 }],
] as const)('a sweep that would delete 60 of 120 documents is %s if the cap is %j', async (outcome, sweepCap) => {
  await using oplog = await openTestOplog();
  await oplog.create('orders');
  const { entityId } = await oplog.scanToLive('orders', docIds);
  await requestRefresh(oplog.database, { entityId, allowLargeSweep: false });
  const run = { entityId, runId: (await oplog.entity('orders')).runId };
  const writer = oplog.writerWith({ sweepCap });
  await writer.beginScan({ ...run, collectionUuid: null, estimated: null });
  const operations = docIds.slice(60).map((docId) => upsert(entityId, docId, 'rescanned'));
  await writer.appendScanPage({ ...run, operations, deadLetters: [], counts: noCounts, lastKey: null });
  await writer.finishScan({ ...run, endTime: 1n });
  let result = await writer.promoteChunk({ ...run, limit: 1_000 });
  while (result.kind === 'moved') result = await writer.promoteChunk({ ...run, limit: 1_000 });
  expect(result.kind).toBe(outcome);
});
