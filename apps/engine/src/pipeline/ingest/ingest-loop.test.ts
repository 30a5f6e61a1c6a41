import { describe, expect, test } from 'vitest';
import { openIngestBench, until } from '../../../test/support/test-ingest.ts';

const documents = (from: number, to: number): { _id: number; n: number; t: string }[] =>
  Array.from({ length: to - from }, (_, index) => ({ _id: from + index, n: from + index, t: 'first' }));

describe('ingest', () => {
  test('scans a new entity, makes it live, and then applies every change (I1)', async () => {
    await using bench = await openIngestBench();
    const orders = bench.mongo.db('shop').collection<{ _id: number; n: number; t: string }>('orders');
    await orders.insertMany(documents(0, 3000));
    await bench.create('orders');
    bench.run();
    await bench.settled('orders');
    expect(await bench.replayed('orders')).toEqual(await bench.projected('orders'));
    await orders.updateMany({ _id: { $lt: 100 } }, { $set: { t: 'second' } });
    await orders.deleteMany({ _id: { $gte: 2900 } });
    await orders.insertOne({ _id: 5000, n: 5000, t: 'new' });
    await orders.replaceOne({ _id: 200 }, { n: -1, t: 'replaced' });
    await bench.settled('orders');
    const rows = await bench.replayed('orders');
    expect(rows.size).toBe(2901);
    expect(rows).toEqual(await bench.projected('orders'));
  });

  test('scans an entity that is added later, on a new or an already watched collection, while the others continue', async () => {
    await using bench = await openIngestBench();
    const shop = bench.mongo.db('shop');
    await shop.collection('a').insertOne({ n: 1 });
    await bench.create('a');
    const { ingest } = bench.run();
    await bench.settled('a');
    await shop.collection('b').insertMany([{ n: 1 }, { n: 2 }]);
    await bench.create('b');
    await bench.create('second_of_a', 'shop.a');
    ingest.wake();
    await shop.collection('b').insertOne({ n: 3 });
    await shop.collection('a').insertOne({ n: 4 });
    await bench.settled('a', 'b', 'second_of_a');
    for (const name of ['a', 'b', 'second_of_a'])
      expect(await bench.replayed(name)).toEqual(await bench.projected(name));
    expect((await bench.replayed('second_of_a')).size).toBe(2);
  });

  test('treats a missing collection as empty and copies it from its first document on', async () => {
    await using bench = await openIngestBench();
    await bench.create('later');
    bench.run();
    await bench.settled('later');
    expect((await bench.replayed('later')).size).toBe(0);
    await bench.mongo.db('shop').collection('later').insertOne({ n: 1 });
    await bench.settled('later');
    expect((await bench.replayed('later')).size).toBe(1);
  });

  test('does not copy a collection with the same name in another database', async () => {
    await using bench = await openIngestBench();
    await bench.create('a');
    bench.run();
    await bench.settled('a');
    await bench.mongo.db('crm').collection('a').insertOne({ n: 1 });
    await bench.mongo.db('shop').collection('A').insertOne({ n: 1 });
    await bench.mongo.db('shop').collection('a').insertOne({ n: 1 });
    await bench.settled('a');
    expect((await bench.replayed('a')).size).toBe(1);
  });

  test('a hard refresh corrects wrong oplog entries and leaves no ghost (I7)', async () => {
    await using bench = await openIngestBench();
    const a = bench.mongo.db('shop').collection<{ _id: number; n: number; t: string }>('a');
    await a.insertMany(documents(0, 500));
    const entity = await bench.create('a');
    bench.run();
    await bench.settled('a');
    await bench.oplog.append(
      { kind: 'Upsert', entityId: entity.entityId, docId: 'ghost', data: '["1","x"]', sourceTimeMs: null },
      { kind: 'Delete', entityId: entity.entityId, docId: 'n:7', data: null, sourceTimeMs: null },
    );
    await bench.refresh('a');
    await until(async () => (await bench.oplog.entity('a')).version === 2);
    await bench.settled('a');
    expect(await bench.replayed('a')).toEqual(await bench.projected('a'));
  });

  test('stops within a second, scanning or idle, and reports its state', async () => {
    await using bench = await openIngestBench();
    await bench.mongo
      .db('shop')
      .collection<{ _id: number; n: number; t: string }>('a')
      .insertMany(documents(0, 20_000));
    await bench.create('a');
    const scanning = bench.run({ pageDocumentsMax: 100 });
    await until(() => (scanning.ingest.status().scans[0]?.scanned ?? 0) > 0);
    expect(scanning.ingest.status()).toMatchObject({
      streamOpen: true,
      state: 'streaming',
      mongo: { setName: 'rs0' },
    });
    expect(await scanning.stop()).toBeLessThan(1000);
    const idle = bench.run();
    await bench.settled('a');
    expect(await idle.stop()).toBeLessThan(1000);
    expect(idle.ingest.status()).toMatchObject({
      streamOpen: false,
      state: 'stopped',
      bufferedOperations: 0,
      lastError: null,
    });
    expect(await bench.replayed('a')).toEqual(await bench.projected('a'));
  });
});
