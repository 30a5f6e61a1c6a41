import { defaultStreamId } from '@emcachers/db/control/streams';
import { createJobStore } from '@emcachers/db/job/job-store';
import { dueForVerification } from '@emcachers/db/verify/verifications';
import { expect, test } from 'vitest';
import { openTestOplog } from '../../../test/support/test-oplog.ts';

test('an entity whose verification failed before any node was asked gives way to the others', async () => {
  await using oplog = await openTestOplog();
  const { pool } = oplog.database;
  for (const name of ['first', 'second']) {
    await oplog.create(name);
    await oplog.scanToLive(name, ['a']);
  }
  const due = (ageMs: number) => dueForVerification(pool, { streamId: defaultStreamId, ageMs });
  expect(await due(0)).toBe('first');
  const store = createJobStore(oplog.database, oplog.epoch);
  const { jobId } = await store.add({
    kind: 'verify',
    entityName: 'first',
    input: {},
    asker: { actor: 'engine', correlationId: null },
  });
  expect(await due(0)).toBeNull();
  await store.claim(1);
  await store.finish(jobId, { status: 'failed', message: 'No node has a published cache.', errorCode: 'EMC-5020' });
  expect([await due(0), await due(3_600_000)]).toEqual(['second', null]);
});
