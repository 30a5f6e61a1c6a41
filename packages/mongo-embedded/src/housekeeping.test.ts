import { MongoClient } from 'mongodb';
import { expect, test } from 'vitest';
import { type Clock, createSystemClock } from './clock.ts';
import { createMongoServer } from './mongo-server.ts';

/** The machine's clock, which a test can set ahead; sleeps of a second take ten milliseconds. */
function fastClock(): Clock & { aheadMs: number } {
  const system = createSystemClock();
  const clock = {
    aheadMs: 0,
    nowMs: () => system.nowMs() + clock.aheadMs,
    monotonicMs: () => system.monotonicMs() + clock.aheadMs,
    sleep: (delayMs: number, signal?: AbortSignal) => system.sleep(delayMs === 1000 ? 10 : delayMs, signal),
  };
  return clock;
}

async function run(): Promise<AsyncDisposable & { client: MongoClient; clock: ReturnType<typeof fastClock> }> {
  const clock = fastClock();
  const server = createMongoServer({ memory: true, clock });
  const { url } = await server.start();
  const client = await new MongoClient(url).connect();
  const stop = async (): Promise<void> => {
    await client.close();
    await server.stop();
  };
  return { client, clock, [Symbol.asyncDispose]: stop };
}

// Source: manual, "TTL Indexes".
test('documents whose time is over go, others stay, and a change stream sees it', async () => {
  await using running = await run();
  const items = running.client.db('shop').collection<{ _id: number; at?: unknown }>('items');
  await items.createIndex({ at: 1 }, { expireAfterSeconds: 3600 });
  const now = Date.now();
  await items.insertMany([
    { _id: 1, at: new Date(now) },
    { _id: 2, at: new Date(now + 10_000_000) },
    { _id: 3, at: 'no date' },
    { _id: 4 },
    { _id: 5, at: [new Date(now + 10_000_000), new Date(now)] },
  ]);
  await using stream = items.watch();
  await stream.tryNext();
  running.clock.aheadMs = 4_000_000;
  expect([await stream.next(), await stream.next()]).toMatchObject([
    { operationType: 'delete', documentKey: { _id: 1 } },
    { operationType: 'delete', documentKey: { _id: 5 } },
  ]);
  expect((await items.find().toArray()).map(({ _id }) => _id)).toEqual([2, 3, 4]);
});

// Source: manual, `cursorTimeoutMillis` and `transactionLifetimeLimitSeconds`.
test('idle cursors and old transactions end', async () => {
  await using running = await run();
  const { client, clock } = running;
  const items = client.db('shop').collection<{ _id: number }>('items');
  await items.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
  const cursor = items.find({}, { batchSize: 1 });
  await cursor.next();
  const session = client.startSession();
  session.startTransaction();
  await items.updateOne({ _id: 1 }, { $set: { a: 1 } }, { session });
  clock.aheadMs = 1_000_000;
  const open = async (): Promise<[number, number]> => {
    const { metrics, transactions } = await client.db('admin').command({ serverStatus: 1 });
    return [metrics.cursor.open.total, transactions.currentOpen];
  };
  await expect.poll(open).toEqual([0, 0]);
  await expect(cursor.toArray()).rejects.toMatchObject({ code: 43 });
  await expect(session.commitTransaction()).rejects.toMatchObject({ code: 251 });
  await session.endSession();
});
