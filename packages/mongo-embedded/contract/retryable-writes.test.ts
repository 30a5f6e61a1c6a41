import { type Document, Long } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { ChangeStreamReader } from './change-stream-reader.ts';
import { freshDatabase } from './fresh-database.ts';
import { RawSession } from './raw-session.ts';
import { useServer } from './use-server.ts';

// Sources: manual, "Retryable Writes"; specifications, retryable-writes; mongodb/mongo jstests/core/txns and
// jstests/replsets/retryable_writes... (the same txnNumber is applied once and answered the same again).
const server = useServer();

describe('a statement sent again with its txnNumber', () => {
  async function twice(setUp: Document[], command: Document): Promise<{ replies: Document[]; documents: Document[] }> {
    await using scratch = freshDatabase(server().client);
    if (setUp.length > 0) await scratch.items.insertMany(setUp);
    await using session = await RawSession.open(server().url);
    const whole = { ...command, txnNumber: Long.fromNumber(1) };
    const replies = [await session.send(scratch.name, whole), await session.send(scratch.name, whole)];
    return { replies, documents: await scratch.items.find({}, { sort: { _id: 1 } }).toArray() };
  }

  test('inserts once', async () => {
    const { replies, documents } = await twice([], { insert: 'items', documents: [{ _id: 1 }, { _id: 2 }] });
    expect(replies.map(({ n }) => n)).toEqual([2, 2]);
    expect(replies.map(({ writeErrors }) => writeErrors)).toEqual([undefined, undefined]);
    expect(documents).toHaveLength(2);
  });

  test('updates once', async () => {
    const updates = [{ q: { _id: 1 }, u: { $inc: { n: 1 } } }];
    const { replies, documents } = await twice([{ _id: 1, n: 0 }], { update: 'items', updates });
    expect(replies.map(({ n, nModified }) => [n, nModified])).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(documents).toEqual([{ _id: 1, n: 1 }]);
  });

  test('returns the upserted _id again', async () => {
    const updates = [{ q: { k: 'x' }, u: { $inc: { n: 1 } }, upsert: true }];
    const { replies, documents } = await twice([], { update: 'items', updates });
    expect(replies[1]?.['upserted']).toEqual(replies[0]?.['upserted']);
    expect(documents).toHaveLength(1);
    expect(documents[0]).toMatchObject({ n: 1 });
  });

  test('deletes once', async () => {
    const deletes = [{ q: {}, limit: 1 }];
    const { replies, documents } = await twice([{ _id: 1 }, { _id: 2 }], { delete: 'items', deletes });
    expect(replies.map(({ n }) => n)).toEqual([1, 1]);
    expect(documents).toHaveLength(1);
  });

  test('modifies once by findAndModify and returns the same document', async () => {
    for (const isNew of [true, false]) {
      const command = { findAndModify: 'items', query: { _id: 1 }, update: { $inc: { n: 1 } }, new: isNew };
      const { replies, documents } = await twice([{ _id: 1, n: 0 }], command);
      expect(replies[1]?.['value']).toEqual(replies[0]?.['value']);
      expect(documents).toEqual([{ _id: 1, n: 1 }]);
    }
  });

  test('removes once by findAndModify and returns the removed document again', async () => {
    const command = { findAndModify: 'items', query: {}, sort: { _id: 1 }, remove: true };
    const { replies, documents } = await twice([{ _id: 1 }, { _id: 2 }], command);
    expect(replies.map(({ value }) => value)).toEqual([{ _id: 1 }, { _id: 1 }]);
    expect(documents).toEqual([{ _id: 2 }]);
  });

  test('produces one change event', async () => {
    await using scratch = freshDatabase(server().client);
    await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
    await using session = await RawSession.open(server().url);
    const command = { insert: 'items', documents: [{ _id: 1 }], txnNumber: Long.fromNumber(5) };
    await session.send(scratch.name, command);
    await session.send(scratch.name, command);
    await scratch.items.insertOne({ _id: 'end' });
    const events = await stream.take(2);
    expect(events.map((event) => event['documentKey']._id)).toEqual([1, 'end']);
    expect('txnNumber' in (events[0] ?? {})).toBe(false);
  });

  test('fails if its number is older than the newest of the session', async () => {
    // Source: error_codes.yml TransactionTooOld 225.
    await using scratch = freshDatabase(server().client);
    await using session = await RawSession.open(server().url);
    const insert = (id: number, number: number): Document => ({
      insert: 'items',
      documents: [{ _id: id }],
      txnNumber: Long.fromNumber(number),
    });
    await session.send(scratch.name, insert(1, 5));
    expect((await session.send(scratch.name, insert(2, 4)))['code']).toBe(225);
  });

  test('is refused for multi-document updates and deletes', async () => {
    // Source: mongodb/mongo write_ops_exec.cpp: InvalidOptions 72, "Cannot use retryable writes with multi=true" / "limit=0".
    await using scratch = freshDatabase(server().client);
    await using session = await RawSession.open(server().url);
    const updates = [{ q: {}, u: { $set: { a: 1 } }, multi: true }];
    const txnNumber = Long.fromNumber(1);
    const codeOf = (reply: Document): unknown => reply['code'] ?? reply['writeErrors']?.[0].code;
    expect(codeOf(await session.send(scratch.name, { update: 'items', updates, txnNumber }))).toBe(72);
    const deletes = [{ q: {}, limit: 0 }];
    const removal = { delete: 'items', deletes, txnNumber: Long.fromNumber(2) };
    expect(codeOf(await session.send(scratch.name, removal))).toBe(72);
  });

  test('resends part of an insert and only the rest is applied', async () => {
    await using scratch = freshDatabase(server().client);
    await using session = await RawSession.open(server().url);
    const txnNumber = Long.fromNumber(1);
    await session.send(scratch.name, { insert: 'items', documents: [{ _id: 1 }], txnNumber, stmtIds: [0] });
    const reply = await session.send(scratch.name, {
      insert: 'items',
      documents: [{ _id: 1 }, { _id: 2 }],
      txnNumber,
      stmtIds: [0, 1],
    });
    expect(reply['n']).toBe(2);
    expect(await scratch.items.countDocuments()).toBe(2);
  });
});

describe('the driver', () => {
  test('writes once over a connection that breaks after the write', async () => {
    await using scratch = freshDatabase(server().client);
    const appName = `retry-${scratch.name}`;
    const client = await server().connect({ appName, retryWrites: true });
    await server()
      .client.db('admin')
      .command({
        configureFailPoint: 'failCommand',
        mode: { times: 1 },
        data: { failCommands: ['insert', 'update'], closeConnection: true, appName },
      });
    await client.db(scratch.name).collection<{ _id: number }>('items').insertOne({ _id: 1 });
    expect(await scratch.items.countDocuments()).toBe(1);
  });
});
