import { expect, test } from 'vitest';
import { noCounts, openTestOplog, position, remove, type TestOplog, upsert } from '../../../test/support/test-oplog.ts';

/** How many transactions have updated the entity's row since the count began. */
async function countTransactions({ database }: TestOplog): Promise<() => Promise<number>> {
  await database.pool.query(`
    CREATE TABLE seen_transaction (id xid8);
    CREATE FUNCTION see_transaction() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN INSERT INTO seen_transaction VALUES (pg_current_xact_id()); RETURN NEW; END $$;
    CREATE TRIGGER see_transaction BEFORE UPDATE ON entity FOR EACH ROW EXECUTE FUNCTION see_transaction()`);
  return async () => {
    const answer = await database.pool.query<{ count: number }>(
      'SELECT count(DISTINCT id) AS count FROM seen_transaction',
    );
    return answer.rows[0]?.count ?? 0;
  };
}

/** A first scan that has read `kept` and `gone`, while the stream changed `staged` documents. */
async function finishedScan(oplog: TestOplog, staged: number, counted: number | null = null) {
  const { entityId, runId } = await oplog.create('orders');
  const scan = { entityId, runId };
  await oplog.writer.beginScan({ ...scan, collectionUuid: null, estimated: null });
  const operations = ['kept', 'gone'].map((docId) => upsert(entityId, docId, 'scanned'));
  await oplog.writer.appendScanPage({ ...scan, operations, deadLetters: [], counts: noCounts, lastKey: null });
  const changes = Array.from({ length: staged }, (_, index) => upsert(entityId, `new-${index}`, 'streamed'));
  await oplog.append(remove(entityId, 'gone'), ...changes);
  await oplog.writer.finishScan({ ...scan, endTime: 1n, counted });
  return scan;
}

test('a small first scan is planned, promoted and live in one transaction, with the changes that the stream made meanwhile', async () => {
  await using oplog = await openTestOplog();
  const scan = await finishedScan(oplog, 2);
  await oplog.writer.savePosition(position(1, 1));
  const transactions = await countTransactions(oplog);
  expect(await oplog.writer.promoteChunk({ ...scan, limit: 1_000 })).toEqual({ kind: 'done', promoted: 3, swept: 0 });
  expect(await transactions()).toBe(1);
  expect((await oplog.entity('orders')).lifecycle).toBe('live');
  expect(await oplog.replay(scan.entityId)).toEqual(
    new Map([
      ['kept', 'scanned'],
      ['new-0', 'streamed'],
      ['new-1', 'streamed'],
    ]),
  );
});

test('a first scan waits for the stream, and nothing is recorded until the stream has passed its end', async () => {
  await using oplog = await openTestOplog();
  const scan = await finishedScan(oplog, 2);
  const transactions = await countTransactions(oplog);
  expect(await oplog.writer.promoteChunk({ ...scan, limit: 1_000 })).toEqual({ kind: 'waiting' });
  expect(await transactions()).toBe(0);
  await oplog.writer.savePosition(position(1, 1));
  expect(await oplog.promote('orders')).toMatchObject({ kind: 'done', promoted: 3 });
});

test('a first scan with many staged changes is analysed before it is promoted', async () => {
  await using oplog = await openTestOplog();
  const scan = await finishedScan(oplog, 500);
  await oplog.writer.savePosition(position(1, 1));
  const transactions = await countTransactions(oplog);
  expect(await oplog.writer.promoteChunk({ ...scan, limit: 1_000 })).toMatchObject({ kind: 'done', promoted: 501 });
  expect(await transactions()).toBe(2);
});

test('a first scan that read fewer documents than the source held, without changes that explain it, is refused as before', async () => {
  await using oplog = await openTestOplog();
  const scan = await finishedScan(oplog, 0, 1_000);
  await oplog.writer.savePosition(position(1, 1));
  expect(await oplog.writer.promoteChunk({ ...scan, limit: 1_000 })).toMatchObject({ kind: 'refused' });
  expect(await oplog.entity('orders')).toMatchObject({ lifecycle: 'failed', errorCode: 'EMC-3004' });
});
