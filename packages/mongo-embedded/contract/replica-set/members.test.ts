import { MongoServerError } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { scratchFolder } from '../../src/testing/scratch-store.ts';
import { failureOf } from '../failure-of.ts';
import { WireClient } from '../wire-client.ts';
import { startSet, until } from './running-set.ts';

// Sources: manual, hello, "Replica Set Elections", "Write Concern"; specifications, server-discovery-and-monitoring.

describe('hello', () => {
  test('names all members and one primary on every member, and the election on the primary alone', async () => {
    await using running = await startSet();
    const hosts = running.set.members.map(({ address }) => address);
    for (const id of [0, 1, 2]) {
      const client = await running.direct(id);
      const reply = await client.db('admin').command({ hello: 1 });
      expect(reply).toMatchObject({
        setName: 'rs0',
        setVersion: 1,
        hosts,
        me: hosts[id],
        primary: hosts[0],
        isWritablePrimary: id === 0,
        secondary: id !== 0,
      });
      expect(reply['electionId'] !== undefined).toBe(id === 0);
    }
  });

  test('is answered at once when the topology changes', async () => {
    await using running = await startSet();
    const client = await running.direct(1);
    const admin = client.db('admin');
    const { topologyVersion } = await admin.command({ hello: 1 });
    const waiting = admin.command({ hello: 1, topologyVersion, maxAwaitTimeMS: 30_000 });
    running.set.stepDown();
    const changed = await waiting;
    expect(changed['topologyVersion'].counter).not.toEqual(topologyVersion.counter);
  });
});

describe('a secondary', () => {
  test('has documents, indexes, changes and dropped collections of the primary', async () => {
    await using running = await startSet();
    const items = running.client.db('shop').collection<{ _id: number; n?: number }>('items');
    await items.createIndex({ n: 1 }, { unique: true });
    await items.insertMany([
      { _id: 1, n: 1 },
      { _id: 2, n: 2 },
    ]);
    await items.updateOne({ _id: 1 }, { $set: { n: 5 } });
    await items.deleteOne({ _id: 2 });
    await running.client.db('shop').collection('gone').insertOne({});
    await running.client.db('shop').collection('gone').drop();
    for (const id of [1, 2]) {
      const db = (await running.direct(id)).db('shop');
      const copy = db.collection<{ _id: number; n?: number }>('items');
      await until(async () => (await db.listCollections().toArray()).length === 1);
      expect(await copy.find().toArray()).toEqual([{ _id: 1, n: 5 }]);
      expect(await copy.find({ n: 5 }).toArray()).toHaveLength(1);
      expect(await copy.estimatedDocumentCount()).toBe(1);
      expect((await copy.indexes()).map(({ name }) => name)).toEqual(['_id_', 'n_1']);
    }
  });

  test('refuses writes, and reads that do not allow a secondary', async () => {
    await using running = await startSet();
    await running.client.db('shop').collection('items').insertOne({});
    const db = (await running.direct(1)).db('shop');
    const write = await failureOf(db.command({ insert: 'items', documents: [{}] }));
    expect(write).toMatchObject({ code: 10107, codeName: 'NotWritablePrimary' });
    // The driver allows secondaries on every direct connection.
    await using wire = await WireClient.connect(`mongodb://${running.set.members[1]?.address}`);
    const read = await wire.command('shop', { find: 'items' });
    expect(read).toMatchObject({ code: 13435, codeName: 'NotPrimaryNoSecondaryOk' });
    const output = db
      .collection('items')
      .aggregate([{ $out: 'copy' }])
      .toArray();
    expect(await failureOf(output)).toMatchObject({ code: 10107 });
  });

  test('serves reads with a read preference for it, no earlier than the session has seen', async () => {
    await using running = await startSet();
    const session = running.client.startSession({ causalConsistency: true });
    const items = running.client.db('shop').collection<{ _id: number }>('items');
    for (let id = 0; id < 50; id += 1) {
      await items.insertOne({ _id: id }, { session, writeConcern: { w: 1 } });
      const found = await items.findOne(
        { _id: id },
        { session, readPreference: 'secondary', readConcern: { level: 'majority' } },
      );
      expect(found).toEqual({ _id: id });
    }
    await session.endSession();
  });

  test('shows the changes in a change stream', async () => {
    await using running = await startSet();
    const items = running.client.db('shop').collection<{ _id: number }>('items', { readPreference: 'secondary' });
    await using stream = items.watch([], { fullDocument: 'updateLookup' });
    await stream.tryNext();
    await items.insertOne({ _id: 1 });
    await items.updateOne({ _id: 1 }, { $set: { n: 1 } });
    expect(await stream.next()).toMatchObject({ operationType: 'insert', documentKey: { _id: 1 } });
    expect(await stream.next()).toMatchObject({ operationType: 'update', fullDocument: { _id: 1, n: 1 } });
  });
});

describe('write concern', () => {
  test('a write waits for the members that it asks for, until wtimeout', async () => {
    await using running = await startSet();
    const items = running.client.db('shop').collection<{ _id: number }>('items');
    await items.insertOne({ _id: 0 }, { writeConcern: { w: 3 } });
    running.set.cutOff(2);
    await items.insertOne({ _id: 1 }, { writeConcern: { w: 'majority' } });
    const refused = items.insertOne({ _id: 2 }, { writeConcern: { w: 3, wtimeoutMS: 50 } });
    await expect(refused).rejects.toMatchObject({ code: 64, errmsg: 'waiting for replication timed out' });
    const waiting = items.insertOne({ _id: 3 }, { writeConcern: { w: 3 } });
    running.set.reconnect(2);
    expect(await waiting).toMatchObject({ acknowledged: true });
    expect(await (await running.direct(2)).db('shop').collection('items').countDocuments()).toBe(4);
  });

  test('without one, a write waits for a majority', async () => {
    await using running = await startSet();
    running.set.cutOff(1);
    running.set.cutOff(2);
    const db = running.client.db('shop');
    const refused = await failureOf(
      db.command({ insert: 'items', documents: [{ _id: 1 }], writeConcern: { wtimeout: 50 } }),
    );
    expect(refused).toBeInstanceOf(MongoServerError);
    expect(refused.code).toBe(64);
  });

  test('of more members than there are is UnsatisfiableWriteConcern', async () => {
    await using running = await startSet();
    const write = running.client
      .db('shop')
      .collection('items')
      .insertOne({}, { writeConcern: { w: 4 } });
    await expect(write).rejects.toMatchObject({ code: 100 });
  });
});

describe('what no majority has', () => {
  test('is in local reads of the primary, and not in majority reads or a change stream', async () => {
    await using running = await startSet();
    const items = running.client.db('shop').collection<{ _id: number; n?: number }>('items');
    await items.insertOne({ _id: 1, n: 0 });
    await using stream = items.watch([], { fullDocument: 'updateLookup' });
    await stream.tryNext();
    await items.updateOne({ _id: 1 }, { $set: { n: 1 } });
    running.set.cutOff(1);
    running.set.cutOff(2);
    const unsafe = { writeConcern: { w: 1 } };
    await items.updateOne({ _id: 1 }, { $set: { n: 2 } }, unsafe);
    await items.insertOne({ _id: 2 }, unsafe);
    expect(await items.find().toArray()).toEqual([{ _id: 1, n: 2 }, { _id: 2 }]);
    expect(await items.find({}, { readConcern: { level: 'majority' } }).toArray()).toEqual([{ _id: 1, n: 1 }]);
    expect(await stream.tryNext()).toMatchObject({ operationType: 'update', fullDocument: { _id: 1, n: 1 } });
    expect(await stream.tryNext()).toBeNull();
    running.set.reconnect(1);
    expect(await stream.next()).toMatchObject({ operationType: 'update', fullDocument: { _id: 1, n: 2 } });
    expect(await stream.next()).toMatchObject({ operationType: 'insert', documentKey: { _id: 2 } });
    expect(await items.find({}, { readConcern: { level: 'majority' } }).toArray()).toHaveLength(2);
  });
});

test('members keep their data and their set over a restart of all', async () => {
  using folder = scratchFolder();
  for (const expected of [0, 1, 2]) {
    await using running = await startSet({ path: folder.path });
    const items = running.client.db('shop').collection('items');
    expect(await items.countDocuments()).toBe(expected);
    await items.insertOne({}, { writeConcern: { w: 3 } });
    expect(await (await running.direct(2)).db('shop').collection('items').countDocuments()).toBe(expected + 1);
  }
});
