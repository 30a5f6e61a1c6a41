import { randomUUID } from 'node:crypto';
import { appendNamespace } from '@emcachers/db/advisory-locks';
import { requestRefresh } from '@emcachers/db/control/entity-requests';
import { describe, expect, test } from 'vitest';
import { until } from '../../../test/support/test-ingest.ts';
import { batch, noCounts, openTestOplog, position, type TestOplog, upsert } from '../../../test/support/test-oplog.ts';

/** Holds the append lock of the oplog's leader, as another appending transaction does before it commits. */
async function holdAppendLock(oplog: TestOplog): Promise<{ release(): Promise<void> }> {
  const client = await oplog.database.pool.connect();
  await client.query('SELECT pg_advisory_lock($1, $2)', [appendNamespace, oplog.epoch]);
  return {
    release: async () => {
      await client.query('SELECT pg_advisory_unlock($1, $2)', [appendNamespace, oplog.epoch]);
      client.release();
    },
  };
}

async function waiters(oplog: TestOplog): Promise<number> {
  const answer = await oplog.database.pool.query(
    `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = $1 AND objid = $2
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    [appendNamespace, oplog.epoch],
  );
  return answer.rowCount ?? 0;
}

/** A live entity of two documents whose refresh has begun to scan. */
async function refreshing(oplog: TestOplog) {
  await oplog.create('orders');
  const { entityId } = await oplog.scanToLive('orders', ['a', 'b']);
  await requestRefresh(oplog.database, { entityId, allowLargeSweep: true });
  const { runId } = await oplog.entity('orders');
  await oplog.writer.beginScan({ entityId, runId, collectionUuid: randomUUID(), estimated: 2 });
  return { entityId, runId };
}

/** Runs up to the step and returns it. */
type Preparation = (oplog: TestOplog) => Promise<() => Promise<unknown>>;

const appenders: Readonly<Record<string, Preparation>> = {
  'a batch of live changes': async (oplog) => {
    await oplog.create('orders');
    const { entityId } = await oplog.scanToLive('orders', ['a']);
    return () => oplog.append(upsert(entityId, 'a', '2'));
  },
  'the end of a dropped collection': async (oplog) => {
    await oplog.create('orders');
    const { entityId } = await oplog.scanToLive('orders', ['a']);
    return () => oplog.append({ kind: 'Truncate', entityId });
  },
  'a page of a first scan': async (oplog) => {
    const { entityId, runId } = await oplog.create('orders');
    await oplog.writer.beginScan({ entityId, runId, collectionUuid: null, estimated: null });
    return () => scanPage(oplog, { entityId, runId });
  },
  'a page of a refresh': async (oplog) => {
    const scan = await refreshing(oplog);
    return () => scanPage(oplog, scan);
  },
  'a promotion of staged changes': async (oplog) => {
    const { entityId, runId } = await oplog.create('orders');
    await oplog.writer.beginScan({ entityId, runId, collectionUuid: null, estimated: null });
    await oplog.append(upsert(entityId, 'staged', '1'));
    await oplog.writer.finishScan({ entityId, runId, endTime: 0n });
    await oplog.writer.savePosition(position(1));
    return () => oplog.promote('orders');
  },
  'a sweep': async (oplog) => {
    const { entityId, runId } = await refreshing(oplog);
    await oplog.writer.finishScan({ entityId, runId, endTime: 0n });
    return () => oplog.promote('orders');
  },
  'a retry of dead letters': async (oplog) => {
    await oplog.create('orders');
    const { entityId } = await oplog.scanToLive('orders', ['a']);
    const retried = { entityId, letters: [], operations: [], deadLetters: [], counts: noCounts };
    return () => oplog.writer.appendRetry(retried);
  },
};

function scanPage(oplog: TestOplog, scan: { readonly entityId: number; readonly runId: string }) {
  const operations = [upsert(scan.entityId, 'a', 'scanned')];
  return oplog.writer.appendScanPage({ ...scan, operations, deadLetters: [], counts: noCounts, lastKey: null });
}

describe('I3: while another transaction appends, and until it commits,', () => {
  test.each(Object.entries(appenders))('%s waits before it draws an id', async (_name, prepare) => {
    await using oplog = await openTestOplog();
    const step = await prepare(oplog);
    const lock = await holdAppendLock(oplog);
    let isDone = false;
    const running = step().finally(() => {
      isDone = true;
    });
    await until(async () => isDone || (await waiters(oplog)) > 0);
    const waited = !isDone;
    await lock.release();
    await running;
    expect(waited).toBe(true);
  });
});

test('I9: a leader that is deposed in the middle of its transaction cannot commit it', async () => {
  await using oplog = await openTestOplog();
  await oplog.create('orders');
  const { entityId } = await oplog.scanToLive('orders', ['a']);
  const { head } = await oplog.page();
  const lock = await holdAppendLock(oplog);
  const appending = oplog.writer.append(batch([upsert(entityId, 'a', 'late')], position(50)));
  appending.catch(() => undefined);
  await until(async () => (await waiters(oplog)) > 0);
  await oplog.database.pool.query('UPDATE leader SET epoch = epoch + 1');
  await lock.release();
  await expect(appending).rejects.toThrow('EMC-3002');
  expect((await oplog.page()).head).toBe(head);
  expect((await oplog.writer.readPosition()).position?.clusterTime).toBeLessThan(50n);
});
