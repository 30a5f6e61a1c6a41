import { connect } from 'node:net';
import { MongoClient } from 'mongodb';
import { expect, test } from 'vitest';
import { createMongoServer, type MongoServer, type MongoServerOptions } from './mongo-server.ts';
import { scratchFolder } from './testing/scratch-store.ts';

async function started(
  options: MongoServerOptions,
): Promise<AsyncDisposable & { server: MongoServer; url: string; port: number }> {
  const server = createMongoServer(options);
  const { url, port } = await server.start();
  return { server, url, port, [Symbol.asyncDispose]: () => server.stop() };
}

test('keeps what was written over a restart', async () => {
  using folder = scratchFolder();
  for (const expected of [0, 1]) {
    await using running = await started({ path: folder.path });
    await using client = await new MongoClient(running.url).connect();
    const items = client.db('shop').collection('items');
    expect(await items.countDocuments()).toBe(expected);
    await items.insertOne({});
  }
});

test('refuses a folder that another server uses, and a port that is taken', async () => {
  using folder = scratchFolder();
  await using running = await started({ path: folder.path });
  await expect(createMongoServer({ path: folder.path }).start()).rejects.toThrow(/in use by another process/);
  await expect(createMongoServer({ memory: true, port: running.port }).start()).rejects.toThrow(/EADDRINUSE/);
});

test('listens on this machine only', () => {
  expect(() => createMongoServer({ memory: true, host: '0.0.0.0' })).toThrow(/loopback/);
  expect(() => createMongoServer({})).toThrow(/path or memory/);
});

test('stops while a change stream waits, transactions are open and a client sends half a message', async () => {
  const running = await started({ memory: true });
  const client = await new MongoClient(running.url, { serverSelectionTimeoutMS: 3_000 }).connect();
  const stream = client.watch([], { maxAwaitTimeMS: 60_000 });
  const waiting = stream.next().catch((error: unknown) => error);
  const session = client.startSession();
  session.startTransaction();
  await client.db('shop').collection('items').insertOne({}, { session });
  const half = connect(running.port, '127.0.0.1');
  half.on('error', () => undefined);
  await new Promise<void>((resolve) => half.write(Buffer.from([200, 0, 0, 0, 1]), () => resolve()));
  await running.server.stop();
  await running.server.stop();
  expect(await waiting).toBeInstanceOf(Error);
  half.destroy();
  await client.close();
});

test('a client sees its own unacknowledged writes, in order', async () => {
  await using running = await started({ memory: true });
  await using client = await new MongoClient(running.url, { maxPoolSize: 1 }).connect();
  const items = client.db('shop').collection<{ _id: number }>('items');
  for (let id = 0; id < 20; id += 1) await items.insertOne({ _id: id }, { writeConcern: { w: 0 } });
  expect((await items.find().toArray()).map(({ _id }) => _id)).toEqual(Array.from({ length: 20 }, (_, id) => id));
});
