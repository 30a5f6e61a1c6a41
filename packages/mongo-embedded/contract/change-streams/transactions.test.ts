import type { Long } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { ChangeStreamReader } from '../change-stream-reader.ts';
import { freshDatabase } from '../fresh-database.ts';
import { useServer } from '../use-server.ts';

// Sources: manual, "Change Events" (lsid, txnNumber: only in a multi-document transaction), "Change Streams and
// transactions"; mongodb/mongo jstests/change_streams/apply_ops.js, apply_ops_resumability.js.
const server = useServer();

describe('the events of a transaction', () => {
  test('come together after the commit, in order, with one cluster time, lsid and txnNumber', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.db.createCollection('items');
    await scratch.db.createCollection('other');
    await using stream = await ChangeStreamReader.open({ database: scratch.db });
    await using session = server().client.startSession();
    session.startTransaction();
    await scratch.items.insertOne({ _id: 1, a: 1 }, { session });
    await scratch.collection('other').insertOne({ _id: 2 }, { session });
    await scratch.items.updateOne({ _id: 1 }, { $set: { a: 2 } }, { session });
    await scratch.items.insertOne({ _id: 'outside' });
    await scratch.items.deleteOne({ _id: 1 }, { session });
    await session.commitTransaction();
    const events = await stream.take(5);
    expect(events.map((event) => `${event['operationType']} ${event['documentKey']._id}`)).toEqual([
      'insert outside',
      'insert 1',
      'insert 2',
      'update 1',
      'delete 1',
    ]);
    const [outside, ...inside] = events;
    expect(outside !== undefined && ('lsid' in outside || 'txnNumber' in outside)).toBe(false);
    for (const event of inside) {
      expect(event['clusterTime']).toEqual(inside[0]?.['clusterTime']);
      expect((event['txnNumber'] as Long).toString()).toBe(String(session.serverSession.txnNumber));
      expect(event['lsid'].id.toString('hex')).toBe(session.id?.id.toString('hex'));
      expect(Object.keys(event['lsid'])).toEqual(['id', 'uid']);
    }
  });

  test('never come when it is aborted', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.db.createCollection('items');
    await using stream = await ChangeStreamReader.open({ database: scratch.db });
    await using session = server().client.startSession();
    session.startTransaction();
    await scratch.items.insertOne({ _id: 1 }, { session });
    await session.abortTransaction();
    await scratch.items.insertOne({ _id: 2 });
    expect((await stream.next())['documentKey']).toEqual({ _id: 2 });
  });

  test('can be resumed at each of them', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.db.createCollection('items');
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await using session = server().client.startSession();
    await session.withTransaction(async () => {
      for (let id = 0; id < 5; id += 1) await scratch.items.insertOne({ _id: id }, { session });
    });
    const events = await stream.take(5);
    for (const [index, event] of events.slice(0, -1).entries()) {
      const request = { database: scratch.db, collection: 'items', options: { resumeAfter: event['_id'] } };
      await using resumed = await ChangeStreamReader.open(request);
      const rest = await resumed.take(4 - index);
      expect(rest).toEqual(events.slice(index + 1));
    }
  });

  test('are cut into batches of the asked size without losing one', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.db.createCollection('items');
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items', batchSize: 2 });
    await using session = server().client.startSession();
    await session.withTransaction(async () => {
      for (let id = 0; id < 5; id += 1) await scratch.items.insertOne({ _id: id }, { session });
    });
    const ids: unknown[] = [];
    while (ids.length < 5) {
      const { events } = await stream.nextBatch(200);
      expect(events.length).toBeLessThanOrEqual(2);
      ids.push(...events.map((event) => event['documentKey']._id));
    }
    expect(ids).toEqual([0, 1, 2, 3, 4]);
  });
});
