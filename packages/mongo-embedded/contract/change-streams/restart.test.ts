/**
 * What a stop of the server means to its streams. Only the embedded server can be stopped and started here; against
 * another server these tests are skipped.
 */
import { type Document, MongoClient, type Timestamp } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { createSystemClock } from '../../src/clock.ts';
import { createMongoServer } from '../../src/mongo-server.ts';
import { ChangeStreamReader } from '../change-stream-reader.ts';
import { failureOf } from '../failure-of.ts';
import type { Item } from '../fresh-database.ts';
import { isForeign, type RunningServer, runServer, temporaryFolder } from '../running-server.ts';

const CHANGE_STREAM_HISTORY_LOST = 286;

async function isAnswered(client: MongoClient): Promise<boolean> {
  return client
    .db('admin')
    .command({ ping: 1 })
    .then(() => true)
    .catch(() => false);
}

describe.skipIf(isForeign)('a server that is stopped and started again on its files', () => {
  test('resumes a stream at the token of an event, without gap or repetition', async () => {
    await using folder = await temporaryFolder();
    let token: Document;
    {
      await using first = await runServer({ path: folder.path });
      await using stream = await ChangeStreamReader.open({ database: first.db, collection: 'items' });
      await first.items.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
      token = (await stream.next())['_id'] as Document;
    }
    await using second = await runServer({ path: folder.path });
    await second.items.insertOne({ _id: 4 });
    const request = { database: second.db, collection: 'items', options: { resumeAfter: token } };
    await using resumed = await ChangeStreamReader.open(request);
    expect((await resumed.take(3)).map((event) => event['documentKey']._id)).toEqual([2, 3, 4]);
  });

  test('lets the driver resume by itself on the same port', async () => {
    await using folder = await temporaryFolder();
    const first = createMongoServer({ path: folder.path, port: 0 });
    const { url, port } = await first.start();
    await using client = await new MongoClient(url, { serverSelectionTimeoutMS: 10_000 }).connect();
    await using stream = client.db('restart').collection<Item>('items').watch([], { maxAwaitTimeMS: 100 });
    await stream.tryNext();
    await client.db('restart').collection<Item>('items').insertOne({ _id: 1 });
    expect(await stream.next()).toMatchObject({ documentKey: { _id: 1 } });
    await first.stop();
    const second = createMongoServer({ path: folder.path, port });
    await second.start();
    // Until the driver has noticed the stop, it may send a write to a connection that is closed. It does not retry that
    // write if its monitor fails at the same moment, because it decides by the server's description, which is then empty.
    await expect.poll(async () => isAnswered(client), { timeout: 20_000 }).toBe(true);
    await client.db('restart').collection<Item>('items').insertOne({ _id: 2 });
    expect(await stream.next()).toMatchObject({ documentKey: { _id: 2 } });
    await stream.close();
    await client.close();
    await second.stop();
  });

  test('keeps its cluster time from going back, though the clock does', async () => {
    await using folder = await temporaryFolder();
    const timeOf = async (running: RunningServer): Promise<bigint> => {
      const { operationTime } = await running.db.command({ insert: 'items', documents: [{}] });
      return (operationTime as Timestamp).toBigInt();
    };
    let before: bigint;
    {
      await using first = await runServer({ path: folder.path });
      before = await timeOf(first);
    }
    const clock = { ...createSystemClock(), nowMs: () => Date.now() - 3_600_000 };
    await using second = await runServer({ path: folder.path, clock });
    expect((await timeOf(second)) > before).toBe(true);
  });

  test('keeps documents, indexes, collection ids and options', async () => {
    await using folder = await temporaryFolder();
    let before: Document | undefined;
    {
      await using first = await runServer({ path: folder.path });
      await first.db.createCollection('items', { changeStreamPreAndPostImages: { enabled: true } });
      await first.items.createIndex({ a: 1 }, { unique: true });
      await first.items.insertOne({ _id: 1, a: 1 });
      [before] = await first.db.listCollections({ name: 'items' }).toArray();
    }
    await using second = await runServer({ path: folder.path });
    const [after] = await second.db.listCollections({ name: 'items' }).toArray();
    expect(after).toEqual(before);
    expect(await second.items.find().toArray()).toEqual([{ _id: 1, a: 1 }]);
    expect((await failureOf(second.items.insertOne({ a: 1 }))).code).toBe(11000);
  });
});

describe.skipIf(isForeign)('history that was cut', () => {
  test('refuses tokens and times before it with ChangeStreamHistoryLost', async () => {
    // Source: mongodb/mongo error_codes.yml 286; document_source_change_stream_check_resumability.cpp.
    await using running = await runServer({ memory: true });
    await using stream = await ChangeStreamReader.open({ database: running.db, collection: 'items' });
    await running.items.insertMany([{ _id: 1 }, { _id: 2 }]);
    const event = await stream.next();
    running.server.cutHistory();
    await running.items.insertOne({ _id: 3 });
    const options = [
      { resumeAfter: event['_id'] },
      { startAfter: event['_id'] },
      { startAtOperationTime: event['clusterTime'] },
    ];
    for (const each of options) {
      const reading = async (): Promise<void> => {
        await using resumed = await ChangeStreamReader.open({
          database: running.db,
          collection: 'items',
          options: each,
        });
        await resumed.next();
      };
      const failure = await failureOf(reading());
      expect(failure, Object.keys(each)[0]).toMatchObject({
        code: CHANGE_STREAM_HISTORY_LOST,
        codeName: 'ChangeStreamHistoryLost',
      });
      expect(failure.errorLabels).toContain('NonResumableChangeStreamError');
    }
  });

  test('is never skipped over by a stream that lags behind it', async () => {
    // Source: error_codes.yml CappedPositionLost 136: an open cursor that the oplog has overtaken fails.
    await using running = await runServer({ memory: true });
    const request = { database: running.db, collection: 'items', batchSize: 1 };
    await using stream = await ChangeStreamReader.open(request);
    for (let id = 0; id < 50; id += 1) await running.items.insertOne({ _id: id });
    await stream.next();
    running.server.cutHistory();
    await running.items.insertOne({ _id: 50 });
    const seen: unknown[] = [0];
    const reading = async (): Promise<void> => {
      while (seen.length < 51) seen.push((await stream.next())['documentKey']._id);
    };
    const failure = await reading().catch((error: unknown) => error as { code?: number });
    if (failure !== undefined) expect([136, 286]).toContain(failure.code);
    expect(seen).toEqual(Array.from({ length: seen.length }, (_, index) => index));
  });

  test('is kept within historyBytesMax', async () => {
    await using running = await runServer({ memory: true, historyBytesMax: 1_000_000 });
    await using stream = await ChangeStreamReader.open({ database: running.db, collection: 'items' });
    await running.items.insertOne({ _id: 'first' });
    const { _id: resumeAfter } = await stream.next();
    for (let round = 0; round < 40; round += 1) {
      const documents = Array.from({ length: 100 }, () => ({ pad: 'x'.repeat(1_000) }));
      await running.items.insertMany(documents);
    }
    const reading = async (): Promise<void> => {
      const request = { database: running.db, collection: 'items', options: { resumeAfter } };
      await using resumed = await ChangeStreamReader.open(request);
      await resumed.next();
    };
    expect((await failureOf(reading())).code).toBe(CHANGE_STREAM_HISTORY_LOST);
  });
});
