import { silentLog } from '@emcachers/core/log';
import { requestRefresh } from '@emcachers/db/control/entity-requests';
import { createJobStore } from '@emcachers/db/job/job-store';
import { expect, test } from 'vitest';
import { ModelSource } from '../../../test/support/model-source.ts';
import { projectionOf, runIngest, until } from '../../../test/support/test-ingest.ts';
import { noCounts, openTestOplog, type TestOplog } from '../../../test/support/test-oplog.ts';

const documents = (count: number) => Array.from({ length: count }, (_, id) => ({ id, n: 0 }));

/** A refresh of the entity `a`, asked for by a job that runs. */
async function startRefresh({ database, entity }: TestOplog): Promise<string> {
  const store = createJobStore(database);
  const { jobId } = await store.add({ kind: 'refresh', entityName: 'a', input: {} });
  await store.claim(1);
  await requestRefresh(database, { entityId: (await entity('a')).entityId, allowLargeSweep: true, jobId });
  return jobId;
}

const cancel = ({ database }: TestOplog, jobId: string) => createJobStore(database).cancel(jobId, 'Cancelled.');

async function heldRows({ database }: TestOplog): Promise<unknown> {
  const { rows } = await database.pool.query('SELECT count(*)::int AS staged FROM oplog_staging');
  return rows[0];
}

/** The pages that are read from now on never arrive, as from a server that hangs. */
function hangPages(source: ModelSource): { readonly asked: () => number; readonly heal: () => void } {
  const read = source.readPage.bind(source);
  let asked = 0;
  source.readPage = () => {
    asked += 1;
    return new Promise(() => undefined);
  };
  return {
    asked: () => asked,
    heal: () => {
      source.readPage = read;
    },
  };
}

test('a cancelled refresh ends its scan, also one that waits for MongoDB; the entity is live as before and follows on', async () => {
  await using oplog = await openTestOplog();
  const source = new ModelSource();
  await oplog.create('a');
  source.write('a', documents(100));
  await using running = runIngest({ source, oplog, log: silentLog, options: { pageDocumentsMax: 10 } });
  const isLive = async (version: number): Promise<boolean> => {
    const { lifecycle, version: reached } = await oplog.entity('a');
    return lifecycle === 'live' && reached === version;
  };
  await until(() => isLive(1));
  const hung = hangPages(source);
  const jobId = await startRefresh(oplog);
  await until(() => hung.asked() > 0);
  source.write('a', [{ id: 1, n: 7 }]);
  await until(async () => JSON.stringify(await heldRows(oplog)) === '{"staged":1}');
  expect(running.ingest.status().scans).toHaveLength(1);

  expect(await cancel(oplog, jobId)).toBe(true);
  expect(await oplog.entity('a')).toMatchObject({ lifecycle: 'live', route: 'oplog', version: 2, reason: null });
  await until(() => running.ingest.status().scans.length === 0);
  expect(await heldRows(oplog)).toEqual({ staged: 0 });
  const { entityId } = await oplog.entity('a');
  expect((await oplog.replay(entityId)).size).toBe(100);

  source.write('a', [{ id: 2, n: 8 }]);
  source.remove('a', 3);
  hung.heal();
  const rows = async () => [...(await oplog.replay(entityId))].sort();
  const projected = [...(await projectionOf(source, await oplog.entity('a')))].sort();
  await expect.poll(rows).toEqual(projected);
  await startRefresh(oplog);
  await until(() => isLive(3));
  expect(await rows()).toEqual(projected);
});

test('a cancelled refresh of a failed entity leaves it failed with its reason', async () => {
  await using oplog = await openTestOplog();
  await oplog.create('a');
  const { entityId, runId } = await oplog.entity('a');
  await oplog.writer.failScan({ entityId, runId, errorCode: 'EMC-2007', reason: 'It is a view.' });
  const jobId = await startRefresh(oplog);
  const scanning = await oplog.entity('a');
  await oplog.writer.beginScan({ entityId, runId: scanning.runId, collectionUuid: null, estimated: null });
  await cancel(oplog, jobId);
  expect(await oplog.entity('a')).toMatchObject({
    ...{ lifecycle: 'failed', route: 'none', errorCode: 'EMC-2007', reason: 'It is a view.' },
  });
  const page = { entityId, runId: scanning.runId, operations: [], deadLetters: [], counts: noCounts, lastKey: null };
  expect(await oplog.writer.appendScanPage(page)).toBe('superseded');
});

test('an entity that was never live is scanned on: there is nothing to go back to', async () => {
  await using oplog = await openTestOplog();
  await oplog.create('a');
  const jobId = await startRefresh(oplog);
  await cancel(oplog, jobId);
  expect(await oplog.entity('a')).toMatchObject({ lifecycle: 'pending', version: 2 });
});

test('a cancellation ends no scan that started for another reason, and none whose sweep is prepared', async () => {
  await using oplog = await openTestOplog();
  await oplog.create('a');
  const { entityId } = await oplog.entity('a');
  await oplog.database.pool.query(`UPDATE entity SET lifecycle = 'live', route = 'oplog', has_gap = false`);
  const first = await startRefresh(oplog);
  await oplog.database.pool.query(`UPDATE entity SET lifecycle = 'catching-up', sweep_prepared = true`);
  await cancel(oplog, first);
  expect(await oplog.entity('a')).toMatchObject({ lifecycle: 'catching-up' });
  await oplog.database.pool.query(`UPDATE entity SET lifecycle = 'live', sweep_prepared = false`);
  const second = await startRefresh(oplog);
  const rescan = [{ kind: 'Rescan', entityId, reason: 'The collection was dropped.' }] as const;
  await oplog.writer.append({ items: rescan, deadLetters: [], columnCounts: [], position: null });
  await cancel(oplog, second);
  expect(await oplog.entity('a')).toMatchObject({ lifecycle: 'pending', reason: 'The collection was dropped.' });
});
