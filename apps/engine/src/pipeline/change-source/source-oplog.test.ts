import { createMongoServer, type MongoServer } from '@emcachers/mongo-embedded';
import { MongoClient } from 'mongodb';
import { expect, test } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { createMongoSource } from './mongo-source.ts';

async function openServer(historyBytesMax: number) {
  const server: MongoServer = createMongoServer({ memory: true, historyBytesMax });
  const { url } = await server.start();
  const client = new MongoClient(url);
  const source = createMongoSource({ url, clock: systemClock });
  return {
    client,
    source,
    async [Symbol.asyncDispose]() {
      await source.close();
      await client.close();
      await server.stop();
    },
  };
}

const megabyte = 1024 * 1024;

test('how far back the oplog reaches moves once it is full', async () => {
  await using server = await openServer(4 * megabyte);
  const items = server.client.db('shop').collection('items');
  await items.insertOne({ text: 'first' });
  const early = await server.source.readOplog();
  if (early.kind === 'unknown') throw new Error(early.reason);
  expect(early.filled).toBeLessThan(0.01);
  expect(early.newestMs).toBeGreaterThanOrEqual(early.oldestMs);
  const isPastFirst = async (): Promise<boolean> => {
    await items.insertOne({ text: 'x'.repeat(megabyte) });
    const now = await server.source.readOplog();
    return now.kind === 'known' && now.oldestMs > early.oldestMs && (now.filled ?? 0) > 0.7;
  };
  await expect.poll(isPastFirst).toBe(true);
});

test('a user who may not read the oplog learns it from the status of the server, or which right is missing', async () => {
  await using server = await openServer(megabyte);
  await server.client.db('shop').collection('items').insertOne({});
  const admin = server.client.db('admin');
  const refuse = (...failCommands: string[]) =>
    admin.command({ configureFailPoint: 'failCommand', mode: 'alwaysOn', data: { failCommands, errorCode: 13 } });
  const allowed = await server.source.readOplog();
  await refuse('find', 'collStats');
  const byStatus = await server.source.readOplog();
  expect(byStatus).toMatchObject({ kind: 'known', filled: null });
  if (allowed.kind === 'known') expect(byStatus).toMatchObject({ oldestMs: allowed.oldestMs });
  await refuse('find', 'collStats', 'serverStatus');
  expect(await server.source.readOplog()).toEqual({
    kind: 'unknown',
    reason: expect.stringContaining('Grant it the role read on the database local'),
  });
});
