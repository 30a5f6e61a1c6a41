import type { Timestamp } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { ChangeStreamReader } from '../change-stream-reader.ts';
import { freshDatabase } from '../fresh-database.ts';
import { useServer } from '../use-server.ts';

// Source: manual, "Change Streams", "Event Notification": total order of all changes that the majority has.
const server = useServer();

describe('under concurrent writers', () => {
  test('the stream holds every change once, and those of one document in their order', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({
      database: scratch.db,
      options: { fullDocument: 'updateLookup' },
    });
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      const collection = scratch.collection(`c${writer % 3}`);
      for (let step = 0; step < 25; step += 1) {
        const filter = { _id: `w${writer}` };
        await collection.updateOne(filter, { $set: { step } }, { upsert: true });
      }
    });
    await Promise.all(writers);
    const events = await stream.take(200);
    for (let writer = 0; writer < 8; writer += 1) {
      const steps = events
        .filter((event) => event['documentKey']._id === `w${writer}`)
        .map((event) => event['updateDescription']?.updatedFields.step ?? 0);
      expect(steps).toEqual(Array.from({ length: 25 }, (_, step) => step));
    }
    const times = events.map((event) => (event['clusterTime'] as Timestamp).toBigInt());
    expect(times).toEqual([...times].sort((left, right) => (left < right ? -1 : left > right ? 1 : 0)));
  });

  test('two streams show the same events in the same order', async () => {
    await using scratch = freshDatabase(server().client);
    await using one = await ChangeStreamReader.open({ database: scratch.db });
    await using two = await ChangeStreamReader.open({ database: scratch.db, batchSize: 7 });
    await Promise.all(
      Array.from({ length: 5 }, async (_, writer) => {
        for (let index = 0; index < 20; index += 1) await scratch.items.insertOne({ writer, index });
      }),
    );
    expect(await two.take(100)).toEqual(await one.take(100));
  });

  test('a write is in the stream once it is acknowledged', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    for (let id = 0; id < 20; id += 1) {
      await scratch.items.insertOne({ _id: id }, { writeConcern: { w: 'majority' } });
      const { events } = await stream.nextBatch(5_000);
      expect(events.map((event) => event['documentKey']._id)).toEqual([id]);
    }
  });
});

describe('many streams', () => {
  test('two hundred at once each see every event', async () => {
    await using scratch = freshDatabase(server().client);
    const client = await server().connect({ maxPoolSize: 250 });
    const database = client.db(scratch.name);
    const streams = await Promise.all(
      Array.from({ length: 200 }, async () => ChangeStreamReader.open({ database, collection: 'items' })),
    );
    const reading = Promise.all(streams.map(async (stream) => stream.take(10)));
    for (let id = 0; id < 10; id += 1) await scratch.items.insertOne({ _id: id });
    for (const events of await reading) {
      expect(events.map((event) => event['documentKey']._id)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    await Promise.all(streams.map(async (stream) => stream[Symbol.asyncDispose]()));
  });
});
