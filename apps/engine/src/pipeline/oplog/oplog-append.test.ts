import { markDeleting, requestRefresh } from '@emcachers/db/control/entity-requests';
import { openDatabase } from '@emcachers/db/database';
import { readDeadLetters } from '@emcachers/db/fleet/read-dead-letters';
import { createTestDatabase } from '@emcachers/db/testing';
import { describe, expect, test } from 'vitest';
import { batch, noCounts, openTestOplog, position, remove, upsert } from '../../../test/support/test-oplog.ts';
import { createOplogWriter } from './oplog-writer.ts';

describe('append', () => {
  test('entries are in the order of the batch and have the version of their entity', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', []);
    await oplog.append(upsert(id, 'a', '1'), upsert(id, 'a', '2'), remove(id, 'b'), upsert(id, 'a', '3'));
    const page = await oplog.page(id);
    expect(page.entries.map((entry) => [entry.kind, entry.docId, entry.data, entry.version])).toEqual([
      ['Upsert', 'a', '1', 1],
      ['Upsert', 'a', '2', 1],
      ['Delete', 'b', null, 1],
      ['Upsert', 'a', '3', 1],
    ]);
    expect(page.entries[0]?.sourceTimeMs).toBe(1_700_000_000_123);
    expect(page.head).toBe(page.entries.at(-1)?.id);
  });

  test('unusual text is stored byte for byte', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', []);
    const texts = [
      '',
      '\\',
      '\\N',
      '\\.',
      '\n',
      '\r\n',
      '\t',
      'a\\tb\tc',
      '"\\u0000"',
      '"\\ud83d"',
      '\u2028😀',
      "'; DROP TABLE oplog",
      'x'.repeat(1 << 20),
    ];
    await oplog.append(...texts.map((text, index) => upsert(id, `d\t${index}\\`, text)));
    const page = await oplog.page(id);
    expect(page.entries.map((entry) => entry.data)).toEqual(texts);
    expect(page.entries.map((entry) => entry.docId)).toEqual(texts.map((_, index) => `d\t${index}\\`));
  });

  test('a lone surrogate becomes the replacement character; other text is unchanged', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', []);
    await oplog.append(upsert(id, 'a', 'x\ud83dy'), upsert(id, 'b', 'fine'));
    expect((await oplog.page(id)).entries.map((entry) => entry.data)).toEqual(['x\ufffdy', 'fine']);
  });

  test('I2: the position moves forward only, together with its entries, and a rejected batch leaves no entry', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', []);
    await oplog.writer.append(batch([upsert(id, 'a', '1')], position(20)));
    await expect(oplog.writer.append(batch([upsert(id, 'b', '1')], position(19)))).rejects.toThrow('EMC-2006');
    await expect(oplog.writer.savePosition(position(19))).rejects.toThrow('EMC-2006');
    await oplog.writer.append(batch([upsert(id, 'c', '1')], position(20)));
    await oplog.writer.savePosition(position(21));
    const saved = await oplog.writer.readPosition();
    expect(saved.position?.clusterTime).toBe(21n);
    expect(Buffer.from(saved.position?.token ?? []).toString()).toBe(position(21).tokenData);
    expect([...(await oplog.replay(id)).keys()]).toEqual(['a', 'c']);
  });

  test('a token is never replaced by a time without a token', async () => {
    await using oplog = await openTestOplog();
    await oplog.writer.savePosition({ token: null, tokenData: null, pipelineHash: null, clusterTime: 5n, version: 1 });
    await oplog.writer.savePosition(position(6));
    const bare = { token: null, tokenData: null, pipelineHash: null, clusterTime: 9n, version: 1 };
    await expect(oplog.writer.savePosition(bare)).rejects.toThrow('EMC-2006');
  });

  test('cluster times in the next century are stored exactly', async () => {
    await using oplog = await openTestOplog();
    const clusterTime = (0xffff_fff0n << 32n) | 7n;
    await oplog.writer.savePosition({ token: null, tokenData: null, pipelineHash: null, clusterTime, version: 1 });
    expect((await oplog.writer.readPosition()).position?.clusterTime).toBe(clusterTime);
  });

  test('a lost token gives every entity a new version and run, and positions of the old stream are rejected', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const before = await oplog.scanToLive('orders', ['a']);
    await oplog.create('customers');
    await oplog.writer.savePosition(position(30));
    await oplog.writer.resetPosition({ reason: 'the history was lost', errorCode: 'EMC-2003' });
    const after = await oplog.entity('orders');
    expect(after).toMatchObject({
      version: 2,
      lifecycle: 'pending',
      reason: 'the history was lost',
      liveFromId: before.liveFromId,
    });
    expect(after.runId).not.toBe(before.runId);
    expect((await oplog.entity('customers')).version).toBe(2);
    expect(await oplog.writer.readPosition()).toMatchObject({ version: 2, status: 'scanning', position: null });
    await expect(oplog.writer.append(batch([upsert(after.entityId, 'b', '1')], position(40, 1)))).rejects.toThrow(
      'EMC-2006',
    );
    await oplog.writer.savePosition(position(3, 2));
  });

  test("operations are dropped, staged or appended, depending on their entity's state", async () => {
    await using oplog = await openTestOplog();
    const { entityId: id, runId } = await oplog.create('orders');
    expect(await oplog.append(upsert(id, 'a', '1'), upsert(999, 'x', '1'))).toEqual({
      appended: 0,
      staged: 0,
      dropped: 2,
      rescans: [],
    });
    await oplog.writer.beginScan({ entityId: id, runId, collectionUuid: null, estimated: null });
    expect(await oplog.append(upsert(id, 'a', '2'))).toMatchObject({ staged: 1 });
    await oplog.writer.finishScan({ entityId: id, runId, endTime: 0n });
    expect(await oplog.append(upsert(id, 'b', '2'))).toMatchObject({ staged: 1 });
    await oplog.writer.savePosition(position(1));
    await oplog.promote('orders');
    expect(await oplog.append(upsert(id, 'c', '2'))).toMatchObject({ appended: 1 });
    await requestRefresh(oplog.database, { entityId: id, allowLargeSweep: false });
    expect(await oplog.append(upsert(id, 'd', '2'))).toMatchObject({ appended: 1 });
    expect((await oplog.page(id)).entries.at(-1)?.version).toBe(2);
    await markDeleting(oplog.database, id);
    expect(await oplog.append(upsert(id, 'e', '2'))).toMatchObject({ dropped: 1 });
  });

  test('I9: a deposed leader cannot write', async () => {
    await using oplog = await openTestOplog();
    const { entityId: id, runId } = await oplog.create('orders');
    const zombie = createOplogWriter({ database: oplog.database, epoch: oplog.epoch - 1 });
    const scan = { entityId: id, runId };
    const calls: (() => Promise<unknown>)[] = [
      () => zombie.append(batch([upsert(id, 'a', '1')])),
      () => zombie.savePosition(position(9)),
      () => zombie.resetPosition({ reason: 'mine', errorCode: 'EMC-2003' }),
      () => zombie.beginScan({ ...scan, collectionUuid: null, estimated: null }),
      () => zombie.appendScanPage({ ...scan, operations: [], deadLetters: [], counts: noCounts, lastKey: null }),
      () => zombie.finishScan({ ...scan, endTime: 1n }),
      () => zombie.failScan({ ...scan, errorCode: 'EMC-2004', reason: 'mine' }),
      () => zombie.promoteChunk({ ...scan, limit: 10 }),
    ];
    for (const call of calls) await expect(call()).rejects.toThrow('EMC-3002');
    expect(await oplog.entity('orders')).toMatchObject({ lifecycle: 'pending', version: 1 });
  });

  test('I10: a dead letter commits with the position after it, and the next valid change removes it', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', []);
    const letter = {
      entityId: id,
      docId: 'bad',
      errorCode: 'EMC-6001',
      reason: 'not BSON',
      raw: Buffer.from([1, 2]),
      documentKey: null,
      attempts: 1,
    };
    const columnCounts = [{ entityId: id, counts: { met: [2, 1], refused: [2, 1], outside: 0 } }];
    await oplog.writer.append({
      items: [upsert(id, 'good', '1')],
      deadLetters: [letter],
      columnCounts,
      position: position(10),
    });
    await oplog.writer.append({
      items: [],
      deadLetters: [{ ...letter, reason: 'still not' }],
      columnCounts,
      position: position(11),
    });
    expect(await readDeadLetters(oplog.database, { entityId: id, limit: 10 })).toMatchObject([
      { docId: 'bad', reason: 'still not', attempts: 2 },
    ]);
    expect(await oplog.entity('orders')).toMatchObject({
      deadLetters: 1,
      coercionErrors: 6,
      columnCounts: [
        { met: 4, coercionErrors: 4 },
        { met: 2, coercionErrors: 2 },
      ],
    });
    await oplog.append(upsert(id, 'bad', 'mended'));
    expect((await oplog.entity('orders')).deadLetters).toBe(0);
  });

  test('the error for an unreachable server names its variable', async () => {
    const owned = await createTestDatabase();
    const database = openDatabase({ url: owned.url });
    await owned[Symbol.asyncDispose]();
    const writer = createOplogWriter({ database, epoch: 1 });
    await expect(writer.append(batch([]))).rejects.toThrow(/EMC-3001.*DATABASE_URL/);
    await database.close();
  });
});
