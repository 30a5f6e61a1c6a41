import { Double, Int32, Long } from 'bson';
import { type Collection, type Document, ObjectId } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { orderedKeys } from '../../../test/support/key-documents.ts';
import { type IngestBench, openIngestBench, until } from '../../../test/support/test-ingest.ts';
import { testRandom } from '../../../test/support/test-random.ts';

type FailPoint = { failCommands: string[]; errorCode?: number; closeConnection?: boolean };
type Row = { _id: number; n: number; t: string };
const rows = (from: number, to: number): Row[] =>
  Array.from({ length: to - from }, (_, index) => ({ _id: from + index, n: from + index, t: 'first' }));

async function expectConverged(bench: IngestBench, ...names: string[]): Promise<void> {
  await bench.settled(...names);
  for (const name of names) expect(await bench.replayed(name)).toEqual(await bench.projected(name));
}

async function changeAtRandom(collection: Collection<Row>, random: (bound: number) => number): Promise<void> {
  const _id = random(24_000);
  const kind = random(3);
  if (kind === 0)
    await collection.updateOne({ _id }, { $set: { n: random(1_000_000) }, $inc: { version: 1 } }, { upsert: true });
  else if (kind === 1) await collection.deleteOne({ _id });
  else await collection.replaceOne({ _id }, { n: random(1_000_000), t: 'replaced' }, { upsert: true });
}

async function changeManyAtRandom(
  collection: Collection<Row>,
  random: (bound: number) => number,
  count: number,
): Promise<void> {
  for (let done = 0; done < count; done++) await changeAtRandom(collection, random);
}

describe('ingest under faults', () => {
  test('the rows of 20,000 documents that change during the scan equal the projection of their source', async () => {
    const uniform = testRandom();
    const random = (bound: number): number => Math.floor(uniform() * bound);
    await using bench = await openIngestBench();
    const orders = bench.mongo.db('shop').collection<Row>('orders');
    await orders.insertMany(rows(0, 20_000));
    await bench.create('orders');
    const { ingest } = bench.run({ pageDocumentsMax: 250 });
    let changesWhileScanning = 0;
    while ((await bench.oplog.entity('orders')).lifecycle !== 'live') {
      await changeManyAtRandom(orders, random, 20);
      if (ingest.status().scans.length > 0) changesWhileScanning += 20;
    }
    await changeManyAtRandom(orders, random, 300);
    await bench.settled('orders');
    expect(changesWhileScanning).toBeGreaterThan(100);
    expect(await bench.replayed('orders')).toEqual(await bench.projected('orders'));
  });

  test.each([1, 2])(
    'copies _ids of every type with %i per page and a restart after each of the first pages',
    async (pageDocumentsMax) => {
      await using bench = await openIngestBench();
      const shop = bench.mongo.db('shop');
      for (const key of orderedKeys()) await shop.command({ insert: 'mixed', documents: [new Map([['_id', key]])] });
      await bench.create('mixed');
      for (let restarts = 0; restarts < 4; restarts++) {
        const before = (await bench.oplog.entity('mixed')).scan.scanned;
        const running = bench.run({ pageDocumentsMax });
        await until(async () => {
          const { lifecycle, scan } = await bench.oplog.entity('mixed');
          // A quick machine may have read everything before it is stopped.
          return scan.scanned > before || lifecycle === 'catching-up' || lifecycle === 'live';
        });
        await running.stop();
      }
      bench.run({ pageDocumentsMax });
      await expectConverged(bench, 'mixed');
      expect((await bench.replayed('mixed')).size).toBe(orderedKeys().length);
      for (const key of orderedKeys())
        await shop.command({ update: 'mixed', updates: [{ q: new Map([['_id', key]]), u: { $set: { n: 7 } } }] });
      await expectConverged(bench, 'mixed');
      expect((await bench.replayed('mixed')).size).toBe(orderedKeys().length);
    },
  );

  test('numerically equal _ids of different types are one document', async () => {
    await using bench = await openIngestBench();
    const shop = bench.mongo.db('shop');
    await bench.create('numbers');
    bench.run();
    await bench.settled('numbers');
    for (const key of [new Int32(1), new Double(1), Long.fromNumber(1)]) {
      await shop.command({ insert: 'numbers', documents: [{ _id: key, n: 1 }] });
      await shop.command({ delete: 'numbers', deletes: [{ q: { _id: 1 }, limit: 1 }] });
    }
    await shop.command({ insert: 'numbers', documents: [{ _id: Long.fromNumber(1), n: 2 }] });
    await expectConverged(bench, 'numbers');
    expect((await bench.replayed('numbers')).size).toBe(1);
  });

  test('a dropped collection truncates its entity, even if the collection is recreated at once', async () => {
    await using bench = await openIngestBench();
    const a = bench.mongo.db('shop').collection<Row>('a');
    await a.insertMany(rows(0, 100));
    await bench.create('a');
    bench.run();
    await bench.settled('a');
    await a.drop();
    await a.insertMany(rows(500, 503));
    await expectConverged(bench, 'a');
    expect((await bench.replayed('a')).size).toBe(3);
    await bench.mongo.db('shop').dropDatabase();
    await expectConverged(bench, 'a');
    expect((await bench.replayed('a')).size).toBe(0);
  });

  test('a rename truncates the old name and rescans the new one, without its former documents', async () => {
    await using bench = await openIngestBench();
    const shop = bench.mongo.db('shop');
    await shop.collection<Row>('a').insertMany(rows(0, 50));
    await shop.collection<Row>('b').insertMany(rows(40, 90));
    await bench.create('a');
    await bench.create('b');
    bench.run();
    await bench.settled('a', 'b');
    await shop.collection('a').rename('b', { dropTarget: true });
    await until(async () => (await bench.oplog.entity('b')).version === 2);
    await expectConverged(bench, 'a', 'b');
    expect([(await bench.replayed('a')).size, (await bench.replayed('b')).size]).toEqual([0, 50]);
  });

  test('a collection that is dropped and recreated during its scan has only its new documents', async () => {
    await using bench = await openIngestBench();
    const a = bench.mongo.db('shop').collection<Row>('a');
    await a.insertMany(rows(0, 2000));
    await bench.create('a');
    const { ingest } = bench.run({ pageDocumentsMax: 20 });
    await until(() => (ingest.status().scans[0]?.scanned ?? 0) > 0);
    await a.drop();
    await a.insertMany(rows(5000, 5010));
    await until(async () => (await bench.oplog.entity('a')).version > 1);
    await expectConverged(bench, 'a');
    expect((await bench.replayed('a')).size).toBe(10);
  });

  test('deletes in lost history leave no ghosts', async () => {
    await using bench = await openIngestBench();
    const a = bench.mongo.db('shop').collection<Row>('a');
    await a.insertMany(rows(0, 2000));
    await bench.create('a');
    const first = bench.run();
    await bench.settled('a');
    await first.stop();
    await a.deleteMany({ _id: { $mod: [10, 3] } });
    bench.server.cutHistory();
    await a.insertOne({ _id: 9999, n: 1, t: 'after' });
    bench.run();
    await until(async () => (await bench.oplog.entity('a')).version === 2);
    await expectConverged(bench, 'a');
    expect((await bench.replayed('a')).size).toBe(1801);
  });

  test.each([
    ['286 on getMore means scanning again', { failCommands: ['getMore'], errorCode: 286 }, 2],
    ['280 on aggregate means scanning again', { failCommands: ['aggregate'], errorCode: 280 }, 2],
    ['a killed cursor keeps the position', { failCommands: ['getMore'], errorCode: 43 }, 1],
    ['a step-down keeps the position', { failCommands: ['getMore'], errorCode: 189 }, 1],
    ['a closed connection keeps the position', { failCommands: ['getMore'], closeConnection: true }, 1],
    ['an error in a page of a scan keeps the run', { failCommands: ['find'], errorCode: 91 }, 1],
  ] as [string, FailPoint, number][])('%s', async (_name, data, version) => {
    await using bench = await openIngestBench();
    const a = bench.mongo.db('shop').collection<Row>('a');
    await a.insertMany(rows(0, 300));
    await bench.create('a');
    const failing = { ...data, appName: 'emcachers' };
    const [command] = data.failCommands;
    if (command === 'find')
      await bench.mongo.db('admin').command({ configureFailPoint: 'failCommand', mode: { times: 2 }, data: failing });
    const { ingest } = bench.run({ pageDocumentsMax: 50 });
    if (command !== 'find') {
      await bench.settled('a');
      await bench.mongo.db('admin').command({ configureFailPoint: 'failCommand', mode: { times: 1 }, data: failing });
      if (command === 'aggregate') await bench.create('another');
      ingest.wake();
    }
    await until(() => ingest.status().lastError !== null);
    await a.updateOne({ _id: 7 }, { $set: { t: 'changed' } });
    await until(async () => (await bench.oplog.entity('a')).version === version);
    await expectConverged(bench, 'a');
    expect((await bench.oplog.entity('a')).version).toBe(version);
  });

  test('documents that are hard to decode are copied like any others', async () => {
    await using bench = await openIngestBench();
    const odd = bench.mongo.db('shop').collection<Document>('odd');
    await bench.create('odd');
    bench.run();
    await bench.settled('odd');
    await odd.insertMany([
      { _id: new ObjectId(), n: Long.fromBigInt(2n ** 63n - 1n), t: 'a\0b' },
      { n: new Double(Number.NaN), t: { $date: 'no date' } },
      new Map<string, unknown>([
        ['__proto__', 1],
        ['n', 2],
        ['', 3],
        ['a.b', 4],
        ['$oid', 5],
      ]),
      { n: 1, t: '\ud83d lone surrogate' },
      { n: 1, deep: Array.from({ length: 90 }).reduce<unknown>((inner) => ({ inner }), 1) },
      { n: 1, t: '\u0001'.repeat(1_000_000) },
    ]);
    await expectConverged(bench, 'odd');
    expect((await bench.replayed('odd')).size).toBe(6);
    expect((await bench.oplog.entity('odd')).deadLetters).toBe(0);
  });

  test('a MongoDB view is rejected by name, and the other entities continue', async () => {
    await using bench = await openIngestBench();
    const shop = bench.mongo.db('shop');
    await shop.collection<Row>('a').insertMany(rows(0, 5));
    let isRefused = true;
    try {
      await shop.createCollection('seen', { viewOn: 'a', pipeline: [] });
    } catch {
      isRefused = false;
    }
    await bench.create('seen');
    await bench.create('a');
    bench.run();
    await expectConverged(bench, 'a');
    if (!isRefused) return;
    await until(async () => (await bench.oplog.entity('seen')).lifecycle === 'failed');
    expect(await bench.oplog.entity('seen')).toMatchObject({ errorCode: 'EMC-2007' });
  });
});
