import { markDeleting } from '@emcachers/db/control/entity-requests';
import { describe, expect, test } from 'vitest';
import { openIngestBench, until } from '../../../test/support/test-ingest.ts';
import type { MongoSource } from '../change-source/change-source.ts';

interface Item {
  _id: number;
  n: number;
}

const items = (from: number, to: number): Item[] =>
  Array.from({ length: to - from }, (_, index) => ({ _id: from + index, n: from + index }));

/** The source, with a record of what was asked of it. */
function recording(source: MongoSource) {
  const record = { streams: 0, pages: [] as string[] };
  const recorded: MongoSource = {
    ...source,
    openStream: (request) => {
      record.streams += 1;
      return source.openStream(request);
    },
    readPage: (request) => {
      const { after } = request;
      const key = after.kind === 'none' ? 'first' : Buffer.from(after.document).toString('hex');
      record.pages.push(`${request.namespace.collection} ${key}`);
      return source.readPage(request);
    },
  };
  return { record, recorded };
}

describe('entities that come and go', () => {
  test('leave the scans of others running, and lose and repeat no change of others', async () => {
    await using bench = await openIngestBench();
    const shop = bench.mongo.db('shop');
    await shop.collection<Item>('big').insertMany(items(0, 4000));
    const living = shop.collection<Item>('living');
    const { record, recorded } = recording(bench.source);
    const { entityId } = await bench.create('living');
    const { ingest } = bench.run({ pageDocumentsMax: 50 }, recorded);
    await bench.settled('living');
    await bench.create('big');
    ingest.wake();
    await until(() => ingest.status().scans.length > 0);
    const visit = async (name: string, first: number): Promise<number> => {
      await living.insertMany(items(first, first + 10));
      const visitor = await bench.create(name);
      ingest.wake();
      await living.insertMany(items(first + 10, first + 20));
      return visitor.entityId;
    };
    for (let round = 0; round < 6; round += 2) {
      const leaving = await visit(`visitor${round}`, round * 20);
      await markDeleting(bench.oplog.database, leaving);
      await visit(`visitor${round + 1}`, round * 20 + 20);
    }
    await bench.settled('big', 'visitor1', 'visitor5');
    expect(record.pages.toSorted()).toEqual([...new Set(record.pages)].toSorted());
    expect(ingest.status().lastError).toBeNull();
    const { entries } = await bench.oplog.page(entityId);
    expect(entries.map(({ docId }) => docId)).toEqual(items(0, 120).map(({ _id }) => `n:${_id}`));
    expect(await bench.replayed('big')).toEqual(await bench.projected('big'));
    for (let round = 1; round < 6; round += 2)
      await shop.collection<Item>(`visitor${round}`).insertOne({ _id: 1, n: 1 });
    await bench.settled();
    for (let round = 1; round < 6; round += 2) expect((await bench.replayed(`visitor${round}`)).size).toBe(1);
  });

  test('cause one reopening if they are created together, and none on a collection that is followed already', async () => {
    await using bench = await openIngestBench();
    const { record, recorded } = recording(bench.source);
    await bench.create('a');
    const { ingest } = bench.run({ reopenWindowMs: 500 }, recorded);
    await bench.settled('a');
    const names = ['b', 'c', 'd', 'e'];
    for (const name of names) {
      await bench.create(name);
      ingest.wake();
    }
    await bench.settled(...names);
    expect(record.streams).toBe(2);
    await bench.create('another_of_a', 'shop.a');
    await bench.mongo.db('shop').collection<Item>('a').insertOne({ _id: 1, n: 1 });
    await bench.settled('another_of_a');
    expect(ingest.status().lastError).toBeNull();
    expect(record.streams).toBe(2);
    for (const name of ['a', 'another_of_a']) expect((await bench.replayed(name)).size).toBe(1);
  });

  test('are scanned beside larger ones: one document does not wait for the end of thousands, with a single turn', async () => {
    await using bench = await openIngestBench();
    const shop = bench.mongo.db('shop');
    const { record, recorded } = recording(bench.source);
    for (const name of ['large', 'larger']) await shop.collection<Item>(name).insertMany(items(0, 3000));
    await shop.collection<Item>('small').insertOne({ _id: 1, n: 1 });
    await bench.create('large');
    await bench.create('larger');
    const { ingest } = bench.run({ pageDocumentsMax: 20, scansMax: 1 }, recorded);
    await until(() => ingest.status().scans.length === 2);
    await bench.create('small');
    ingest.wake();
    await bench.settled('small', 'large', 'larger');
    expect(record.pages.indexOf('small first')).toBeLessThan(record.pages.length / 2);
    for (const name of ['large', 'larger', 'small'])
      expect(await bench.replayed(name)).toEqual(await bench.projected(name));
  });

  test('are read no faster than the configured rate', async () => {
    await using bench = await openIngestBench();
    await bench.mongo.db('shop').collection<Item>('a').insertMany(items(0, 1000));
    await bench.create('a');
    const startMs = performance.now();
    bench.run({ pageDocumentsMax: 100, scanDocumentsPerSecond: 1000 });
    await until(async () => (await bench.oplog.entity('a')).scan.finishedAtMs !== null);
    // The last page is read after the nine before it are paid for.
    expect(performance.now() - startMs).toBeGreaterThan(900);
  });
});
