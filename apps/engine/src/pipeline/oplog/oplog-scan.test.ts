import { randomUUID } from 'node:crypto';
import { requestRefresh } from '@emcachers/db/control/entity-requests';
import { describe, expect, test } from 'vitest';
import {
  batch,
  noCounts,
  openTestOplog,
  position,
  remove,
  replayed,
  type TestOplog,
  upsert,
} from '../../../test/support/test-oplog.ts';
import { createOplogWriter } from './oplog-writer.ts';

const many = (count: number) => Array.from({ length: count }, (_, index) => `doc-${index}`);

/** Refreshes a live entity and begins its new scan. */
async function beginRefresh(oplog: TestOplog, name: string, allowLargeSweep = false) {
  const { entityId } = await oplog.entity(name);
  await requestRefresh(oplog.database, { entityId, allowLargeSweep });
  const { runId } = await oplog.entity(name);
  await oplog.writer.beginScan({ entityId, runId, collectionUuid: randomUUID(), estimated: null });
  return { entityId, runId };
}

async function scanPage(oplog: TestOplog, scan: { entityId: number; runId: string }, docIds: readonly string[]) {
  const operations = docIds.map((docId) => upsert(scan.entityId, docId, 'rescanned'));
  return oplog.writer.appendScanPage({ ...scan, operations, deadLetters: [], counts: noCounts, lastKey: null });
}

describe('scan', () => {
  test('a page and its last key commit together, and the scan can continue from there', async () => {
    await using oplog = await openTestOplog();
    const { entityId, runId } = await oplog.create('orders');
    const collectionUuid = randomUUID();
    await oplog.writer.beginScan({ entityId, runId, collectionUuid, estimated: 3 });
    const page = {
      entityId,
      runId,
      operations: [upsert(entityId, 'a', '1'), upsert(entityId, 'b', '1')],
      deadLetters: [],
      counts: noCounts,
    };
    await expect(oplog.writer.appendScanPage({ ...page, lastKey: Buffer.from('b') })).resolves.toBe('ok');
    const { scan } = await oplog.entity('orders');
    expect(scan).toMatchObject({ hasLastKey: true, scanned: 2, estimated: 3, collectionUuid, endTime: null });
    expect(Buffer.from(scan.lastKey ?? []).toString()).toBe('b');
    await expect(oplog.writer.beginScan({ entityId, runId, collectionUuid, estimated: 3 })).resolves.toBe('ok');
    expect((await oplog.entity('orders')).scan.scanned).toBe(2);
  });

  test('writes of an older run are rejected at every step', async () => {
    await using oplog = await openTestOplog();
    const { entityId, runId } = await oplog.create('orders');
    const old = { entityId, runId };
    await oplog.writer.beginScan({ ...old, collectionUuid: null, estimated: null });
    await requestRefresh(oplog.database, { entityId, allowLargeSweep: false });
    await expect(scanPage(oplog, old, ['a'])).resolves.toBe('superseded');
    await expect(oplog.writer.finishScan({ ...old, endTime: 1n })).resolves.toBe('superseded');
    await expect(oplog.writer.failScan({ ...old, errorCode: 'EMC-2004', reason: 'x' })).resolves.toBe('superseded');
    await expect(oplog.writer.promoteChunk({ ...old, limit: 10 })).resolves.toEqual({ kind: 'superseded' });
    await expect(oplog.writer.beginScan({ ...old, collectionUuid: null, estimated: null })).resolves.toBe('superseded');
    expect((await oplog.page(entityId)).entries).toEqual([]);
  });

  test('a page of an older run is rejected while a newer run scans', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    await oplog.scanToLive('orders', ['a']);
    const old = await beginRefresh(oplog, 'orders');
    const { entityId, runId } = await beginRefresh(oplog, 'orders');
    const { head } = await oplog.page();
    await expect(scanPage(oplog, old, ['a', 'of the older run'])).resolves.toBe('superseded');
    expect((await oplog.page()).head).toBe(head);
    expect((await oplog.entity('orders')).scan.scanned).toBe(0);
    await expect(scanPage(oplog, { entityId, runId }, ['a'])).resolves.toBe('ok');
  });

  test('a permanent scan failure leaves the entity failed, and a refresh restarts the scan', async () => {
    await using oplog = await openTestOplog();
    const { entityId, runId } = await oplog.create('orders');
    await oplog.writer.beginScan({ entityId, runId, collectionUuid: null, estimated: null });
    await oplog.writer.failScan({ entityId, runId, errorCode: 'EMC-2004', reason: 'the source is a view' });
    expect(await oplog.entity('orders')).toMatchObject({
      lifecycle: 'failed',
      errorCode: 'EMC-2004',
      reason: 'the source is a view',
    });
    await requestRefresh(oplog.database, { entityId, allowLargeSweep: false });
    expect(await oplog.entity('orders')).toMatchObject({ lifecycle: 'pending', errorCode: null, version: 2 });
  });
});

describe('promotion', () => {
  test('waits until the saved position has passed the end of the scan', async () => {
    await using oplog = await openTestOplog();
    const { entityId, runId } = await oplog.create('orders');
    await oplog.writer.beginScan({ entityId, runId, collectionUuid: null, estimated: null });
    await oplog.writer.finishScan({ entityId, runId, endTime: 100n });
    expect(await oplog.promote('orders')).toEqual({ kind: 'waiting' });
    await oplog.writer.savePosition(position(99));
    expect(await oplog.promote('orders')).toEqual({ kind: 'waiting' });
    await oplog.writer.savePosition(position(100));
    expect(await oplog.promote('orders')).toEqual({ kind: 'done', promoted: 0, swept: 0 });
    expect(await oplog.entity('orders')).toMatchObject({ lifecycle: 'live', liveFromId: 0 });
    expect(await oplog.writer.readPosition()).toMatchObject({ status: 'live' });
  });

  test('does not wait for a later position if the saved one says that all earlier changes have arrived', async () => {
    await using oplog = await openTestOplog();
    const { entityId, runId } = await oplog.create('orders');
    await oplog.writer.beginScan({ entityId, runId, collectionUuid: null, estimated: null });
    await oplog.writer.finishScan({ entityId, runId, endTime: 100n });
    await oplog.writer.savePosition({ ...position(50), passedTime: 100n });
    expect(await oplog.promote('orders')).toMatchObject({ kind: 'done' });
  });

  test('moves the newest staged row of each document once, in order, for any chunk size and after interruptions', async () => {
    await using oplog = await openTestOplog();
    const { entityId, runId } = await oplog.create('orders');
    await oplog.writer.beginScan({ entityId, runId, collectionUuid: null, estimated: null });
    await scanPage(oplog, { entityId, runId }, many(50));
    const operations = Array.from({ length: 500 }, (_, index) =>
      index % 7 === 0 ? remove(entityId, `doc-${index % 60}`) : upsert(entityId, `doc-${index % 60}`, `v${index}`),
    );
    await oplog.append(...operations);
    await oplog.writer.finishScan({ entityId, runId, endTime: 0n });
    await oplog.writer.savePosition(position(1));
    // Every second chunk is run by a writer that dies right after: a new one goes on with what the database says.
    for (let turn = 0; ; turn += 1) {
      const writer = createOplogWriter({ database: oplog.database, epoch: oplog.epoch });
      const result = await writer.promoteChunk({ entityId, runId, limit: 37 });
      if (turn === 3) await oplog.append(upsert(entityId, 'late', 'late'));
      if (result.kind === 'done') break;
    }
    const expected = replayed(operations, new Map(many(50).map((docId) => [docId, 'rescanned'])));
    expected.set('late', 'late');
    expect(await oplog.replay(entityId)).toEqual(expected);
    const promoted = (await oplog.page(entityId)).entries.slice(50);
    expect(promoted.map((entry) => entry.docId)).toHaveLength(new Set(promoted.map((entry) => entry.docId)).size);
    const places = promoted.map((entry) => operations.findLastIndex((each) => each.docId === entry.docId));
    expect(places.slice(0, -1)).toEqual(places.slice(0, -1).toSorted((left, right) => left - right));
    expect(await oplog.entity('orders')).toMatchObject({
      lifecycle: 'live',
      liveFromId: (await oplog.page(entityId)).head,
    });
  });

  test('1.12: an append concurrent with the last chunk neither stays in staging nor precedes older rows', async () => {
    await using oplog = await openTestOplog();
    const { entityId, runId } = await oplog.create('orders');
    await oplog.writer.beginScan({ entityId, runId, collectionUuid: null, estimated: null });
    await oplog.writer.finishScan({ entityId, runId, endTime: 0n });
    await oplog.writer.savePosition(position(1));
    let value = 0;
    const racing = (async () => {
      for (; value < 200; value += 1) await oplog.append(upsert(entityId, 'one', String(value)));
    })();
    let results = 0;
    for (;;) {
      const result = await oplog.writer.promoteChunk({ entityId, runId, limit: 3 });
      results += 1;
      if (result.kind !== 'moved') break;
    }
    await racing;
    expect(results).toBeGreaterThan(0);
    const values = (await oplog.page(entityId)).entries.map((entry) => Number(entry.data));
    expect(values).toEqual(values.toSorted((left, right) => left - right));
    expect(values.at(-1)).toBe(199);
    const staged = await oplog.database.pool.query('SELECT 1 FROM oplog_staging');
    expect(staged.rowCount).toBe(0);
  });
});

describe('sweep', () => {
  test('I7: deletes exactly the documents that neither the new scan nor the stream contained', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', many(100));
    await oplog.append(remove(id, 'doc-0'), upsert(id, 'only-live', '1'));
    const scan = await beginRefresh(oplog, 'orders');
    await scanPage(oplog, scan, many(100).slice(10));
    // Met by the stream during the scan: one changed, one deleted, one that the scan could not project.
    await oplog.writer.append({
      items: [upsert(id, 'doc-1', 'staged'), remove(id, 'doc-2')],
      deadLetters: [
        { entityId: id, docId: 'doc-3', errorCode: 'EMC-6001', reason: 'x', raw: null, documentKey: null, attempts: 1 },
      ],
      columnCounts: [],
      position: null,
    });
    await oplog.writer.finishScan({ ...scan, endTime: 1n });
    expect(await oplog.promote('orders', 3)).toMatchObject({ kind: 'done' });
    const expected = new Map(
      many(100)
        .slice(10)
        .map((docId) => [docId, 'rescanned']),
    );
    expected.set('doc-1', 'staged').set('doc-3', 'scanned');
    expect(await oplog.replay(id)).toEqual(expected);
    const deleted = (await oplog.page(id)).entries.filter((entry) => entry.kind === 'Delete' && entry.version === 2);
    expect(deleted.map((entry) => entry.docId).toSorted()).toEqual([
      'doc-2',
      'doc-4',
      'doc-5',
      'doc-6',
      'doc-7',
      'doc-8',
      'doc-9',
      'only-live',
    ]);
  });

  test('keeps a document that the stream changes before the sweep is planned, and a scanned one that it deletes stays deleted', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', many(4));
    const scan = await beginRefresh(oplog, 'orders');
    await oplog.append(upsert(id, 'doc-0', 'changed'), remove(id, 'doc-1'), upsert(id, 'doc-2', 'newer'));
    await scanPage(oplog, scan, ['doc-1', 'doc-2', 'doc-3']);
    await oplog.writer.finishScan({ ...scan, endTime: 1n });
    await oplog.append(upsert(id, 'doc-3', 'newest'));
    expect(await oplog.promote('orders')).toMatchObject({ kind: 'done' });
    expect(await oplog.replay(id)).toEqual(
      new Map([
        ['doc-0', 'changed'],
        ['doc-2', 'newer'],
        ['doc-3', 'newest'],
      ]),
    );
    const held = await oplog.database.pool.query('SELECT 1 FROM oplog_staging');
    expect(held.rowCount).toBe(0);
  });

  test('keeps a document that the stream reinserts while the sweep is written in chunks', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', many(20));
    const scan = await beginRefresh(oplog, 'orders');
    await oplog.writer.finishScan({ ...scan, endTime: 1n });
    expect(await oplog.writer.promoteChunk({ ...scan, limit: 5 })).toMatchObject({ kind: 'moved', swept: 0 });
    await oplog.writer.proveScan({ ...scan, lookedUp: 0, found: [], time: 0n });
    expect(await oplog.writer.promoteChunk({ ...scan, limit: 5 })).toMatchObject({ kind: 'moved', swept: 5 });
    await oplog.append(upsert(id, 'doc-0', 'back'), upsert(id, 'doc-9', 'back'));
    expect(await oplog.promote('orders', 5)).toMatchObject({ kind: 'done' });
    expect(await oplog.replay(id)).toEqual(
      new Map([
        ['doc-0', 'back'],
        ['doc-9', 'back'],
      ]),
    );
  });

  test('keeps a document that the stream inserts between the planning and the sweep, also if both fit into one chunk', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', ['kept', 'back', 'gone']);
    const scan = await beginRefresh(oplog, 'orders');
    await scanPage(oplog, scan, ['kept']);
    await oplog.writer.finishScan({ ...scan, endTime: 1n });
    while ((await oplog.writer.promoteChunk({ ...scan, limit: 100 })).kind === 'moved');
    await oplog.writer.proveScan({ ...scan, lookedUp: 0, found: [], time: 0n });
    await oplog.append(upsert(id, 'back', 'inserted'));
    expect(await oplog.promote('orders', 100)).toMatchObject({ kind: 'done', swept: 1 });
    expect(await oplog.replay(id)).toEqual(
      new Map([
        ['kept', 'rescanned'],
        ['back', 'inserted'],
      ]),
    );
  });

  test('does not empty a cache after an incomplete scan: the entity fails, keeps its documents and stays fresh', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', many(3_000));
    const scan = await beginRefresh(oplog, 'orders');
    await scanPage(oplog, scan, many(3_000).slice(1_500));
    await oplog.append(upsert(id, 'doc-0', 'staged'));
    await oplog.writer.finishScan({ ...scan, endTime: 1n });
    expect(await oplog.promote('orders')).toEqual({ kind: 'refused' });
    expect(await oplog.entity('orders')).toMatchObject({
      lifecycle: 'failed',
      errorCode: 'EMC-3004',
      reason: 'The scan did not find 1499 of 3000 documents that the caches hold.',
    });
    await oplog.append(upsert(id, 'doc-1', 'live'));
    const documents = await oplog.replay(id);
    expect(documents.size).toBe(3_000);
    expect([documents.get('doc-0'), documents.get('doc-1')]).toEqual(['staged', 'live']);
  });

  test('is planned in chunks, and a new leader goes on after the last one that was committed', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', many(3_000));
    const scan = await beginRefresh(oplog, 'orders');
    await scanPage(oplog, scan, many(3_000).slice(500));
    await oplog.writer.finishScan({ ...scan, endTime: 1n });
    const killed = oplog.writerWith({ sweepChunkBytes: 100_000 });
    for (let chunk = 0; chunk < 2; chunk++)
      expect(await killed.promoteChunk({ ...scan, limit: 50 })).toEqual({ kind: 'moved', promoted: 0, swept: 0 });
    const plan = await oplog.database.pool.query('SELECT planned, chunks > 3 AS "isLong" FROM sweep_plan');
    expect(plan.rows).toEqual([{ planned: 2, isLong: true }]);
    await oplog.append(remove(id, 'doc-700'), upsert(id, 'doc-3', 'staged'));
    expect(await oplog.promote('orders', 50)).toMatchObject({ kind: 'done' });
    expect([...(await oplog.replay(id)).keys()].toSorted()).toEqual(
      ['doc-3', ...many(3_000).slice(500)].filter((docId) => docId !== 'doc-700').toSorted(),
    );
  });

  test('looks up to a thousand candidates up at the source; the source decides, also below the cap', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', many(20));
    const scan = await beginRefresh(oplog, 'orders', true);
    await scanPage(oplog, scan, many(20).slice(2));
    await oplog.writer.finishScan({ ...scan, endTime: 1n, counted: 18 });
    await oplog.writer.promoteChunk({ ...scan, limit: 50 });
    const unproven = await oplog.writer.promoteChunk({ ...scan, limit: 50 });
    expect(unproven).toEqual({ kind: 'unproven', sample: expect.arrayContaining(['doc-0', 'doc-1']) });
    const proof = { ...scan, lookedUp: 2, found: ['doc-1'] };
    expect(await oplog.writer.proveScan({ ...proof, time: 1_000n })).toBe('waiting');
    expect(await oplog.writer.proveScan({ ...proof, time: 1n })).toBe('proven');
    expect(await oplog.promote('orders')).toEqual({ kind: 'refused' });
    expect(await oplog.entity('orders')).toMatchObject({
      errorCode: 'EMC-3004',
      reason: 'The source still has 1 of 2 documents that the scan did not find, for example doc-1.',
    });
    expect((await oplog.replay(id)).size).toBe(20);
  });

  test('is refused if the scan read fewer documents than the source held, by more than the stream changed', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', many(20));
    const refresh = async (counted: number) => {
      const scan = await beginRefresh(oplog, 'orders');
      await scanPage(oplog, scan, many(20).slice(2));
      await oplog.append(upsert(id, 'doc-7', 'changed'));
      await oplog.writer.finishScan({ ...scan, endTime: 1n, counted });
      return oplog.promote('orders');
    };
    expect(await refresh(20)).toEqual({ kind: 'refused' });
    const { reason } = await oplog.entity('orders');
    expect(reason).toBe('The scan read 18 documents, but the source held 20, and only 1 were changed meanwhile.');
    expect(await refresh(19)).toMatchObject({ kind: 'done', swept: 2 });
    expect(await oplog.entity('orders')).toMatchObject({ errorCode: null, reason: null });
  });

  test("exceeds the cap with an operator's confirmation, for that run only", async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', many(3_000));
    const scan = await beginRefresh(oplog, 'orders', true);
    await oplog.writer.finishScan({ ...scan, endTime: 1n });
    expect(await oplog.promote('orders')).toMatchObject({ kind: 'done', swept: 3_000 });
    expect((await oplog.replay(id)).size).toBe(0);
    expect(await oplog.entity('orders')).toMatchObject({ lifecycle: 'live', allowLargeSweep: false });
  });

  test('leaves no ghost and needs no confirmation after a refresh during the first scan', async () => {
    await using oplog = await openTestOplog();
    const { entityId, runId } = await oplog.create('orders');
    await oplog.writer.savePosition(position(1));
    await oplog.writer.beginScan({ entityId, runId, collectionUuid: null, estimated: null });
    await scanPage(oplog, { entityId, runId }, many(3_000));
    await oplog.append(upsert(entityId, 'staged-by-the-old-run', '1'));
    const scan = await beginRefresh(oplog, 'orders');
    await scanPage(oplog, scan, ['doc-1']);
    await oplog.writer.finishScan({ ...scan, endTime: 1n });
    expect(await oplog.promote('orders')).toMatchObject({ kind: 'done' });
    expect([...(await oplog.replay(entityId)).keys()]).toEqual(['doc-1']);
  });

  test('removes the dead letters of documents that a later scan did not find', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', ['doc-1']);
    const letter = {
      entityId: id,
      docId: 'bad',
      errorCode: 'EMC-6001',
      reason: 'x',
      raw: null,
      documentKey: null,
      attempts: 1,
    };
    await oplog.writer.append({ ...batch([]), deadLetters: [letter] });
    const scan = await beginRefresh(oplog, 'orders');
    await oplog.writer.finishScan({ ...scan, endTime: 1n });
    await oplog.promote('orders');
    expect((await oplog.entity('orders')).deadLetters).toBe(0);
  });
});
