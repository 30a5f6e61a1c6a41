import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { silentLog } from '@emcachers/core/log';
import { createEntity } from '@emcachers/db/control/entities';
import { createMongoServer } from '@emcachers/mongo-embedded';
import { serialize } from 'bson';
import { MongoClient } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { ModelSource } from '../../../test/support/model-source.ts';
import { openIngestBench, projectionOf, runIngest, testColumns, until } from '../../../test/support/test-ingest.ts';
import { openTestOplog, position, type TestOplog } from '../../../test/support/test-oplog.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createMongoSource } from '../change-source/mongo-source.ts';
import type { StreamPosition } from '../oplog/oplog-types.ts';
import { historyDifference } from './ingest-history.ts';

interface Order {
  readonly _id: number;
  readonly n: number;
  readonly t: string;
}
const orders = (count: number): Order[] =>
  Array.from({ length: count }, (_, index) => ({ _id: index, n: index, t: 'old' }));

async function temporaryFolder() {
  const folder = await mkdtemp(path.join(tmpdir(), 'emcachers-history-'));
  return { path: folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** A MongoDB on a data directory, and the ingest that follows it. */
async function follow(folder: string, oplog: TestOplog) {
  const server = createMongoServer({ path: folder });
  const { url } = await server.start();
  const mongo = new MongoClient(url);
  const source = createMongoSource({ url, clock: systemClock, stream: { awaitMsMax: 50 } });
  const start = () => runIngest({ source, oplog, log: silentLog, options: {} });
  return {
    orders: mongo.db('shop').collection<Order>('orders'),
    start,
    /** Waits until the entity is live and everything is in the oplog; answers whether oplog and source are equal. */
    async settled() {
      await until(async () => (await oplog.entity('orders')).lifecycle === 'live');
      await mongo.db('elsewhere').collection('marker').insertOne({});
      const passed = await source.operationTime();
      await until(async () => ((await oplog.writer.readPosition()).position?.clusterTime ?? 0n) >= passed);
      const entity = await oplog.entity('orders');
      expect(await oplog.replay(entity.entityId)).toEqual(await projectionOf(source, entity));
      return entity;
    },
    async [Symbol.asyncDispose]() {
      await source.close();
      await mongo.close();
      await server.stop();
    },
  };
}

const create = (oplog: TestOplog, name: string) =>
  createEntity(oplog.database, { entityName: name, sourceName: `shop.${name}`, columns: [...testColumns] });

describe('another MongoDB behind the same address', () => {
  test.each([
    ['with the same entities', false],
    ['with another entity, so that the stream opens at a time', true],
  ])('a copy that lacks the newest changes is scanned again, %s', async (_name, addsEntity) => {
    await using oplog = await openTestOplog();
    await using original = await temporaryFolder();
    await using copy = await temporaryFolder();
    await create(oplog, 'orders');
    {
      await using first = await follow(original.path, oplog);
      await first.orders.insertMany(orders(30));
      await using running = first.start();
      await first.settled();
      await running.stop();
    }
    await cp(original.path, copy.path, { recursive: true });
    {
      await using second = await follow(original.path, oplog);
      await using running = second.start();
      await second.orders.updateMany({ _id: { $lt: 20 } }, { $set: { t: 'new' } });
      await second.settled();
      await running.stop();
    }
    if (addsEntity) await create(oplog, 'another');
    await using third = await follow(copy.path, oplog);
    await third.orders.updateOne({ _id: 25 }, { $set: { t: 'on the copy' } });
    await using running = third.start();
    await until(async () => (await oplog.entity('orders')).version === 2);
    await third.settled();
    expect(running.ingest.status().lastError?.code).toMatch(/EMC-200[39]/);
  });

  test('an emptied one is scanned again, and nothing of the former remains', async () => {
    await using oplog = await openTestOplog();
    await using original = await temporaryFolder();
    await using emptied = await temporaryFolder();
    await create(oplog, 'orders');
    {
      await using first = await follow(original.path, oplog);
      await first.orders.insertMany(orders(30));
      await using running = first.start();
      await first.settled();
      await running.stop();
    }
    await using second = await follow(emptied.path, oplog);
    await second.orders.insertMany(orders(1));
    await using running = second.start();
    await until(async () => (await oplog.entity('orders')).version === 2);
    const { entityId } = await second.settled();
    expect((await oplog.replay(entityId)).size).toBe(1);
    expect(running.ingest.status().lastError).toMatchObject({ code: 'EMC-2009' });
    const losses = await oplog.database.pool.query(
      'SELECT lost_code, mended_at >= lost_at AS mended FROM mongo_resume_token',
    );
    expect(losses.rows).toEqual([{ lost_code: 'EMC-2009', mended: true }]);
  });

  test('the same one is not scanned again after a restart', async () => {
    await using oplog = await openTestOplog();
    await using folder = await temporaryFolder();
    await create(oplog, 'orders');
    for (let round = 0; round < 3; round += 1) {
      await using server = await follow(folder.path, oplog);
      await using running = server.start();
      await server.orders.insertOne({ _id: round, n: round, t: 'new' });
      expect((await server.settled()).version).toBe(1);
      await running.stop();
    }
  });
});

describe('a difference of histories', () => {
  const server = { sourceId: 'a', setName: 'rs0', version: '8.0.0', isSharded: false };
  const { signal } = new AbortController();

  test('is another id, a clock behind the position, or an unknown newest change', async () => {
    const source = new ModelSource();
    const at = (time: bigint) => ({ ...position(1), clusterTime: time });
    const difference = (saved: StreamPosition) => historyDifference(source, { saved, server }, signal);
    expect(await difference({ ...at(source.time), sourceId: 'b' })).toContain('server a');
    expect(await difference(at(source.time + 1n))).toContain('behind');
    expect(await difference(at(source.time))).toBeNull();
    expect(await difference({ ...at(source.time), sourceId: 'a' })).toBeNull();
    const changeToken = serialize({ _data: '8200000001000000010000' });
    expect(await difference({ ...at(source.time), changeToken })).toContain('newest change');
  });
});

describe('the watch of the sources', () => {
  test('fails a live entity whose collection a view has replaced, and says why', async () => {
    await using bench = await openIngestBench();
    const shop = bench.mongo.db('shop');
    await shop.collection<Order>('orders').insertMany(orders(3));
    await bench.create('orders');
    bench.run({ sourceCheckMs: 20 });
    await bench.settled('orders');
    await shop.collection('orders').drop();
    await shop.createCollection('orders', { viewOn: 'customers', pipeline: [] });
    await until(async () => (await bench.oplog.entity('orders')).lifecycle === 'failed');
    expect(await bench.oplog.entity('orders')).toMatchObject({
      errorCode: 'EMC-2007',
      reason: expect.stringContaining('view'),
    });
  });

  test('knows a recreated collection by its drop, and scans one again that changed without an event', async () => {
    await using bench = await openIngestBench();
    const collection = bench.mongo.db('shop').collection<Order>('orders');
    await collection.insertMany(orders(3));
    await bench.create('orders');
    bench.run({ sourceCheckMs: 20 });
    await bench.settled('orders');
    await collection.drop();
    await collection.insertMany(orders(2));
    const uuidOf = async () => (await bench.oplog.entity('orders')).scan.collectionUuid;
    const current = (await bench.source.collectionFacts({ database: 'shop', collection: 'orders' }))?.uuid;
    await until(async () => (await uuidOf()) === current);
    await bench.settled('orders');
    expect(await bench.oplog.entity('orders')).toMatchObject({ version: 1 });
    await bench.oplog.database.pool.query('UPDATE entity SET scan_collection_uuid = gen_random_uuid()');
    await until(async () => (await bench.oplog.entity('orders')).version === 2);
    await bench.settled('orders');
    expect(await bench.replayed('orders')).toEqual(await bench.projected('orders'));
  });
});
