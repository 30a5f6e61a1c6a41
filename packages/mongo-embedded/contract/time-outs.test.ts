import { Long, type MongoClient } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { failureOf } from './failure-of.ts';
import { freshDatabase } from './fresh-database.ts';
import { RawSession } from './raw-session.ts';
import { useServer } from './use-server.ts';

// Sources: manual, "MongoDB Server Parameters" (cursorTimeoutMillis, transactionLifetimeLimitSeconds), "maxTimeMS".
const WAIT = { timeout: 20_000, interval: 250 };
const server = useServer();

async function withParameter(client: MongoClient, name: string, value: number): Promise<AsyncDisposable> {
  const admin = client.db('admin');
  const before = (await admin.command({ getParameter: 1, [name]: 1 }))[name];
  await admin.command({ setParameter: 1, [name]: value });
  return {
    [Symbol.asyncDispose]: async () => {
      await admin.command({ setParameter: 1, [name]: Number(before) });
    },
  };
}

describe('what is left idle', () => {
  test('an idle cursor ends after cursorTimeoutMillis', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany([{}, {}, {}]);
    await using session = server().client.startSession();
    const { cursor } = await scratch.db.command({ find: 'items', batchSize: 1 }, { session, promoteLongs: false });
    await using _ = await withParameter(server().client, 'cursorTimeoutMillis', 300);
    const openCursors = async (): Promise<number> =>
      Number((await scratch.db.command({ serverStatus: 1 }))['metrics'].cursor.open.total);
    await expect.poll(openCursors, WAIT).toBe(0);
    const failure = await failureOf(scratch.db.command({ getMore: cursor.id, collection: 'items' }, { session }));
    expect(failure.code).toBe(43);
  });

  test('a transaction ends after transactionLifetimeLimitSeconds and releases its locks', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1, n: 0 });
    await using _ = await withParameter(server().client, 'transactionLifetimeLimitSeconds', 1);
    await using session = await RawSession.open(server().url);
    const common = { txnNumber: Long.fromNumber(1), autocommit: false };
    const update = { update: 'items', updates: [{ q: { _id: 1 }, u: { $inc: { n: 100 } } }] };
    expect(await session.send(scratch.name, { ...update, ...common, startTransaction: true })).toMatchObject({
      ok: 1,
      n: 1,
    });
    // An ordinary write waits for the transaction and goes through once it has expired.
    await scratch.items.updateOne({ _id: 1 }, { $inc: { n: 1 } });
    expect(await scratch.items.findOne({ _id: 1 })).toEqual({ _id: 1, n: 1 });
    expect(await session.send('admin', { commitTransaction: 1, ...common })).toMatchObject({ ok: 0, code: 251 });
  });

  test('an ordinary write that waits for a transaction fails after maxTimeMS', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1, n: 0 });
    await using session = server().client.startSession();
    session.startTransaction();
    await scratch.items.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session });
    const command = { update: 'items', updates: [{ q: { _id: 1 }, u: { $inc: { n: 1 } } }], maxTimeMS: 300 };
    expect((await failureOf(scratch.db.command(command))).code).toBe(50);
    await session.commitTransaction();
    expect(await scratch.items.findOne({ _id: 1 })).toEqual({ _id: 1, n: 1 });
  });

  test('a session that is killed loses its transaction and its cursors', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany([{ _id: 1 }, { _id: 2 }, { _id: 3 }]);
    await using session = server().client.startSession();
    session.startTransaction();
    await scratch.items.insertOne({ _id: 4 }, { session });
    const cursor = scratch.items.find({}, { session, batchSize: 2 });
    await cursor.next();
    await server()
      .client.db('admin')
      .command({ killSessions: [session.id] });
    const failure = await failureOf(scratch.items.insertOne({ _id: 5 }, { session }));
    expect(failure.code).toBe(251);
    await session.abortTransaction();
    expect(await scratch.items.countDocuments()).toBe(3);
  });
});
