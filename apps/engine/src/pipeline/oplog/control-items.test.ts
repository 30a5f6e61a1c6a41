import { requestRefresh } from '@emcachers/db/control/entity-requests';
import { truncateEntriesMax } from '@emcachers/db/statements/truncate-entity';
import { describe, expect, test } from 'vitest';
import { openTestOplog, position, upsert } from '../../../test/support/test-oplog.ts';

const many = (count: number) => Array.from({ length: count }, (_, index) => `doc-${index}`);

describe('Truncate', () => {
  test('of a live entity deletes every document before it in the stream and keeps those after it', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', many(10));
    const result = await oplog.append(
      upsert(id, 'before', '1'),
      { kind: 'Truncate', entityId: id },
      upsert(id, 'doc-3', 'after'),
    );
    expect(result).toEqual({ appended: 13, staged: 0, dropped: 0, rescans: [] });
    expect(await oplog.replay(id)).toEqual(new Map([['doc-3', 'after']]));
    expect(await oplog.entity('orders')).toMatchObject({ lifecycle: 'live', version: 1 });
    expect(await oplog.append({ kind: 'Truncate', entityId: id }, { kind: 'Truncate', entityId: id })).toMatchObject({
      appended: 1,
    });
  });

  test('during a scan restarts the scan, and its sweep needs no confirmation', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', many(2_000));
    await requestRefresh(oplog.database, { entityId: id, allowLargeSweep: false });
    const { runId } = await oplog.entity('orders');
    await oplog.writer.beginScan({ entityId: id, runId, collectionUuid: null, estimated: null });
    const result = await oplog.append(upsert(id, 'x', '1'), { kind: 'Truncate', entityId: id }, upsert(id, 'y', '1'));
    expect(result).toEqual({ appended: 2, staged: 0, dropped: 0, rescans: [id] });
    const restarted = await oplog.entity('orders');
    expect(restarted).toMatchObject({ lifecycle: 'pending', version: 3, allowLargeSweep: true });
    expect(restarted.runId).not.toBe(runId);
    await oplog.scanToLive('orders', ['y']);
    expect([...(await oplog.replay(id)).keys()]).toEqual(['y']);
  });

  test('of a pending or unknown entity changes nothing', async () => {
    await using oplog = await openTestOplog();
    const before = await oplog.create('orders');
    const result = await oplog.append(
      { kind: 'Truncate', entityId: before.entityId },
      { kind: 'Truncate', entityId: 999 },
    );
    expect(result).toEqual({ appended: 0, staged: 0, dropped: 0, rescans: [] });
    expect(await oplog.entity('orders')).toEqual(before);
  });

  test('of an entity too large for one transaction becomes a scan whose sweep may delete everything', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', many(truncateEntriesMax + 1));
    const result = await oplog.append({ kind: 'Truncate', entityId: id });
    expect(result).toMatchObject({ appended: 0, rescans: [id] });
    await oplog.scanToLive('orders', []);
    expect((await oplog.replay(id)).size).toBe(0);
    expect(await oplog.entity('orders')).toMatchObject({ lifecycle: 'live', version: 2 });
  });
});

describe('Rescan', () => {
  test('of a live entity keeps its documents and applies its changes until the new scan is promoted', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', many(5));
    const result = await oplog.append(
      { kind: 'Rescan', entityId: id, reason: 'renamed onto' },
      upsert(id, 'doc-9', 'flowing'),
    );
    expect(result).toEqual({ appended: 1, staged: 0, dropped: 0, rescans: [id] });
    expect(await oplog.entity('orders')).toMatchObject({ lifecycle: 'pending', version: 2, reason: 'renamed onto' });
    expect((await oplog.replay(id)).size).toBe(6);
    expect((await oplog.page(id)).entries.at(-1)?.version).toBe(2);
  });

  test('twice in one batch gives each operation the version at its position', async () => {
    await using oplog = await openTestOplog();
    await oplog.create('orders');
    const { entityId: id } = await oplog.scanToLive('orders', []);
    const rescan = { kind: 'Rescan' as const, entityId: id, reason: 'again' };
    await oplog.append(upsert(id, 'a', '1'), rescan, upsert(id, 'b', '1'), rescan, upsert(id, 'c', '1'));
    expect((await oplog.page(id)).entries.map((entry) => entry.version)).toEqual([1, 2, 3]);
    expect((await oplog.entity('orders')).version).toBe(3);
    await oplog.writer.savePosition(position(5));
  });
});
