import { readDeadLetters } from '@emcachers/db/fleet/read-dead-letters';
import { describe, expect, test } from 'vitest';
import { batch, noCounts, openTestOplog, position, type TestOplog, upsert } from '../../../test/support/test-oplog.ts';
import type { DeadLetter } from './oplog-types.ts';

const many = (count: number) => Array.from({ length: count }, (_, index) => `doc-${index}`);
/** PostgreSQL refuses NUL in a text, which stands here for any row that it refuses. */
const refusedData = '\0';

async function openLive(...names: string[]) {
  const oplog = await openTestOplog();
  const ids: number[] = [];
  for (const name of names) {
    await oplog.create(name);
    ids.push((await oplog.scanToLive(name, [])).entityId);
  }
  return { oplog, ids, [Symbol.asyncDispose]: () => oplog[Symbol.asyncDispose]() };
}

function lettersOf(oplog: TestOplog, entityId: number) {
  return readDeadLetters(oplog.database, { entityId, limit: 100 });
}

function letterOf(entityId: number, docId: string): DeadLetter {
  return { entityId, docId, errorCode: 'EMC-6001', reason: 'not BSON', raw: null, documentKey: null, attempts: 1 };
}

describe('a row that PostgreSQL refuses', () => {
  test('becomes a dead letter and a Delete; the rest of the batch is stored in order, with the position', async () => {
    await using live = await openLive('orders', 'customers');
    const { oplog } = live;
    const [orders = 0, customers = 0] = live.ids;
    const items = many(100).map((docId) => upsert(docId === 'doc-40' ? customers : orders, docId, '[1]'));
    items[17] = upsert(orders, 'doc-17', refusedData);
    items[93] = upsert(orders, 'doc-93', refusedData);
    await oplog.writer.append(batch(items, position(50)));
    const { entries } = await oplog.page(orders, customers);
    expect(entries.map(({ docId }) => docId)).toEqual(many(100));
    expect(entries.filter(({ kind }) => kind === 'Delete').map(({ docId }) => docId)).toEqual(['doc-17', 'doc-93']);
    expect((await oplog.writer.readPosition()).position?.clusterTime).toBe(50n);
    const letters = await lettersOf(oplog, orders);
    expect(letters.map(({ docId, errorCode }) => [docId, errorCode]).toSorted()).toEqual([
      ['doc-17', 'EMC-6004'],
      ['doc-93', 'EMC-6004'],
    ]);
    expect(letters[0]?.reason).toContain('0x00');
  });

  test('in a page of a scan does not stop the scan', async () => {
    await using oplog = await openTestOplog();
    const { entityId, runId } = await oplog.create('orders');
    await oplog.writer.beginScan({ entityId, runId, collectionUuid: null, estimated: 3 });
    const operations = ['a', 'b', 'c'].map((docId) => upsert(entityId, docId, docId === 'b' ? refusedData : '[1]'));
    const page = { entityId, runId, operations, deadLetters: [], counts: noCounts, lastKey: Buffer.from('c') };
    expect(await oplog.writer.appendScanPage(page)).toBe('ok');
    expect([...(await oplog.replay(entityId)).keys()]).toEqual(['a', 'c']);
    expect(await oplog.entity('orders')).toMatchObject({ deadLetters: 1, scan: { scanned: 3, hasLastKey: true } });
  });

  test('fails its entity if not even its Delete can be stored; other entities go on', async () => {
    await using live = await openLive('orders', 'customers');
    const { oplog } = live;
    const [orders = 0, customers = 0] = live.ids;
    const items = [upsert(orders, 'a\0b', '[1]'), upsert(customers, 'c', '[1]')];
    await oplog.writer.append(batch(items, position(50)));
    expect(await oplog.entity('orders')).toMatchObject({ lifecycle: 'failed', errorCode: 'EMC-6004' });
    expect((await oplog.page(customers)).entries).toHaveLength(1);
  });
});

describe('dead letters', () => {
  test('count every attempt, also if the document leaves a Delete each time', async () => {
    await using live = await openLive('orders');
    const { oplog } = live;
    const [id = 0] = live.ids;
    const refusal = {
      ...batch([{ kind: 'Delete', entityId: id, docId: 'bad', data: null, sourceTimeMs: 1 }]),
      deadLetters: [letterOf(id, 'bad')],
    };
    for (let attempt = 0; attempt < 3; attempt += 1) await oplog.writer.append(refusal);
    expect(await lettersOf(oplog, id)).toMatchObject([{ docId: 'bad', attempts: 3 }]);
    await oplog.append(upsert(id, 'bad', '[1]'));
    expect(await lettersOf(oplog, id)).toEqual([]);
  });

  test('of a dropped collection are removed', async () => {
    await using live = await openLive('orders');
    const { oplog } = live;
    const [id = 0] = live.ids;
    await oplog.writer.append({ ...batch([]), deadLetters: [letterOf(id, 'bad')] });
    await oplog.append({ kind: 'Truncate', entityId: id });
    expect((await oplog.entity('orders')).deadLetters).toBe(0);
  });

  test('are counted once as scanned documents', async () => {
    await using oplog = await openTestOplog();
    const { entityId, runId } = await oplog.create('orders');
    await oplog.writer.beginScan({ entityId, runId, collectionUuid: null, estimated: 1 });
    const operations = [{ kind: 'Delete', entityId, docId: 'bad', data: null, sourceTimeMs: null } as const];
    const page = {
      entityId,
      runId,
      operations,
      deadLetters: [letterOf(entityId, 'bad')],
      counts: noCounts,
      lastKey: null,
    };
    await oplog.writer.appendScanPage(page);
    expect((await oplog.entity('orders')).scan.scanned).toBe(1);
  });

  test('beyond the limit push out the oldest', async () => {
    await using live = await openLive('orders');
    const { oplog } = live;
    const [id = 0] = live.ids;
    const writer = oplog.writerWith({ deadLettersMax: 2 });
    for (const docId of ['a', 'b', 'c']) await writer.append({ ...batch([]), deadLetters: [letterOf(id, docId)] });
    expect((await lettersOf(oplog, id)).map(({ docId }) => docId)).toEqual(['c', 'b']);
  });
});
