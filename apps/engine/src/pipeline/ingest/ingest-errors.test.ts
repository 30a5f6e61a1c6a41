import { EmcachersError } from '@emcachers/core/emcachers-error';
import { silentLog } from '@emcachers/core/log';
import { expect, test } from 'vitest';
import { ModelSource } from '../../../test/support/model-source.ts';
import { projectionOf, runIngest, until } from '../../../test/support/test-ingest.ts';
import { openTestOplog, type TestOplog } from '../../../test/support/test-oplog.ts';

const documents = Array.from({ length: 20 }, (_, id) => ({ id, n: id }));

async function startOn(oplog: TestOplog) {
  const source = new ModelSource();
  source.write('a', documents);
  await oplog.create('a');
  return { source, running: runIngest({ source, oplog, log: silentLog, options: {} }) };
}

test('an invalidated change stream counts as a lost position: everything is scanned again', async () => {
  await using oplog = await openTestOplog();
  const { source, running } = await startOn(oplog);
  await using _running = running;
  await until(async () => (await oplog.entity('a')).lifecycle === 'live');
  source.streamErrors.push(new EmcachersError({ code: 'EMC-2003', detail: 'MongoDB invalidated the change stream.' }));
  await until(async () => {
    const { version, lifecycle } = await oplog.entity('a');
    return version === 2 && lifecycle === 'live';
  });
  const entity = await oplog.entity('a');
  expect(await oplog.replay(entity.entityId)).toEqual(await projectionOf(source, entity));
});

test('an error that we raise for a bad reply is retried from the saved position, without a scan', async () => {
  await using oplog = await openTestOplog();
  const { source, running } = await startOn(oplog);
  await using _running = running;
  await until(async () => (await oplog.entity('a')).lifecycle === 'live');
  source.streamErrors.push(new EmcachersError({ code: 'EMC-2006', detail: 'The reply was cut off.' }));
  await until(() => running.ingest.status().lastError !== null);
  source.write('a', [{ id: 3, n: 99 }]);
  const entity = await oplog.entity('a');
  await until(async () => ((await oplog.writer.readPosition()).position?.clusterTime ?? 0n) >= source.time);
  expect(entity.version).toBe(1);
  expect(await oplog.replay(entity.entityId)).toEqual(await projectionOf(source, entity));
});

test('a defect ends ingest with its own error, so that the supervisor and not the stream decides what follows', async () => {
  await using oplog = await openTestOplog();
  const { source, running } = await startOn(oplog);
  source.streamErrors.push(new TypeError('a defect'));
  await until(() => running.ingest.status().state === 'failed');
  await expect(running.stop()).rejects.toThrow('a defect');
});

test('an append that a newer leader has fenced off ends ingest with EMC-3002 and writes nothing (I9)', async () => {
  await using oplog = await openTestOplog();
  const { source, running } = await startOn(oplog);
  await until(async () => (await oplog.entity('a')).lifecycle === 'live');
  const { head } = await oplog.page();
  await oplog.database.pool.query('UPDATE leader SET epoch = epoch + 1');
  source.write('a', [{ id: 3, n: 99 }]);
  await until(() => running.ingest.status().state === 'failed');
  await expect(running.stop()).rejects.toMatchObject({ code: 'EMC-3002' });
  expect((await oplog.page()).head).toBe(head);
});

test('an entity whose stored path is invalid fails alone, and the others are copied (I10)', async () => {
  await using oplog = await openTestOplog();
  const source = new ModelSource();
  source.write('a', documents);
  await oplog.create('a');
  await oplog.create('broken');
  // No request can store such a path; a database edited by hand can hold one.
  await oplog.database.pool.query(
    `UPDATE entity SET columns = '[{"name": "n", "type": "Integer", "path": "a..b"}]' WHERE name = 'broken'`,
  );
  await using _running = runIngest({ source, oplog, log: silentLog, options: {} });
  await until(async () => (await oplog.entity('a')).lifecycle === 'live');
  await until(async () => (await oplog.entity('broken')).lifecycle === 'failed');
  expect(await oplog.entity('broken')).toMatchObject({ errorCode: 'EMC-5001' });
});
