import { type Document, Long } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { failureOf } from './failure-of.ts';
import { freshDatabase } from './fresh-database.ts';
import { RawSession } from './raw-session.ts';
import { useServer } from './use-server.ts';

// Sources: manual, "Transactions", "Transactions and Operations"; specifications, transactions; error_codes.yml:
// WriteConflict 112, NoSuchTransaction 251, TransactionCommitted 256, OperationNotSupportedInTransaction 263.
const server = useServer();

describe('a transaction', () => {
  test('shows its writes to itself at once and to others after the commit', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 0 });
    await using session = server().client.startSession();
    session.startTransaction();
    await scratch.items.insertOne({ _id: 1, n: 1 }, { session });
    await scratch.items.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session });
    await scratch.items.deleteOne({ _id: 0 }, { session });
    expect(await scratch.items.find({}, { session }).toArray()).toEqual([{ _id: 1, n: 2 }]);
    expect(await scratch.items.find().toArray()).toEqual([{ _id: 0 }]);
    await session.commitTransaction();
    expect(await scratch.items.find().toArray()).toEqual([{ _id: 1, n: 2 }]);
  });

  test('leaves nothing if it is aborted', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 0 });
    await using session = server().client.startSession();
    session.startTransaction();
    await scratch.items.insertOne({ _id: 1 }, { session });
    await scratch.items.deleteOne({ _id: 0 }, { session });
    await session.abortTransaction();
    expect(await scratch.items.find().toArray()).toEqual([{ _id: 0 }]);
  });

  test('reads a snapshot: what others commit meanwhile stays unseen', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1, n: 1 });
    await using session = server().client.startSession();
    session.startTransaction({ readConcern: { level: 'snapshot' } });
    expect(await scratch.items.findOne({ _id: 1 }, { session })).toEqual({ _id: 1, n: 1 });
    await scratch.items.updateOne({ _id: 1 }, { $set: { n: 2 } });
    await scratch.items.insertOne({ _id: 2 });
    expect(await scratch.items.find({}, { session }).toArray()).toEqual([{ _id: 1, n: 1 }]);
    await session.commitTransaction();
    expect(await scratch.items.countDocuments()).toBe(2);
  });

  test('conflicts with another transaction that has written the same document', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1, n: 0 });
    await using one = server().client.startSession();
    await using two = server().client.startSession();
    one.startTransaction();
    two.startTransaction();
    await scratch.items.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session: one });
    const failure = await failureOf(scratch.items.updateOne({ _id: 1 }, { $inc: { n: 10 } }, { session: two }));
    expect(failure).toMatchObject({ code: 112, codeName: 'WriteConflict' });
    expect(failure.errorLabels).toContain('TransientTransactionError');
    await one.commitTransaction();
    await two.abortTransaction();
    expect(await scratch.items.findOne({ _id: 1 })).toEqual({ _id: 1, n: 1 });
  });

  test('conflicts with a document that was changed after its snapshot', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany([{ _id: 1, n: 0 }, { _id: 2 }]);
    await using session = server().client.startSession();
    session.startTransaction({ readConcern: { level: 'snapshot' } });
    await scratch.items.findOne({ _id: 2 }, { session });
    await scratch.items.updateOne({ _id: 1 }, { $set: { n: 5 } });
    const failure = await failureOf(scratch.items.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session }));
    expect(failure.code).toBe(112);
    await session.abortTransaction();
  });

  test('makes an upsert of a document that it has locked wait until it ends', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 0 });
    await using session = server().client.startSession();
    session.startTransaction();
    await scratch.items.insertOne({ _id: 1, n: 1 }, { session });
    const order: string[] = [];
    const upsert = scratch.items
      .updateOne({ _id: 1 }, { $inc: { n: 1 } }, { upsert: true })
      .then(() => order.push('upsert'));
    await scratch.items.insertOne({ _id: 2 });
    order.push('commit');
    await session.commitTransaction();
    await upsert;
    expect(order).toEqual(['commit', 'upsert']);
    expect(await scratch.items.findOne({ _id: 1 })).toEqual({ _id: 1, n: 2 });
  });

  test('makes an update of many documents wait at the one that it has locked, and each document is changed once', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany(Array.from({ length: 5 }, (_, _id) => ({ _id, n: 0 })));
    await using session = server().client.startSession();
    session.startTransaction();
    await scratch.items.updateOne({ _id: 2 }, { $set: { isLocked: true } }, { session });
    const order: string[] = [];
    const update = scratch.items
      .updateMany({ _id: { $lt: 5 } }, { $inc: { n: 1 } })
      .finally(() => order.push('update'));
    await scratch.items.insertOne({ _id: 5, n: 1 });
    order.push('commit');
    await session.commitTransaction();
    expect(await update).toMatchObject({ matchedCount: 5, modifiedCount: 5 });
    expect(order).toEqual(['commit', 'update']);
    expect(await scratch.items.distinct('n')).toEqual([1]);
  });

  test('is retried by withTransaction until all concurrent increments are applied', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1, n: 0 });
    await Promise.all(
      Array.from({ length: 6 }, async () => {
        await using session = server().client.startSession();
        await session.withTransaction(async () => {
          const found = await scratch.items.findOne({ _id: 1 }, { session });
          await scratch.items.updateOne({ _id: 1 }, { $set: { n: Number(found?.['n']) + 1 } }, { session });
        });
      }),
    );
    expect(await scratch.items.findOne({ _id: 1 })).toEqual({ _id: 1, n: 6 });
  });

  test('creates collections that do not exist', async () => {
    // Source: manual, "Create Collections and Indexes in a Transaction".
    await using scratch = freshDatabase(server().client);
    await using session = server().client.startSession();
    await session.withTransaction(async () => {
      await scratch.items.insertOne({ _id: 1 }, { session });
    });
    expect(await scratch.items.countDocuments()).toBe(1);
  });

  test('ends with the first error of a statement', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({ _id: 1 });
    await using session = server().client.startSession();
    session.startTransaction();
    await scratch.items.insertOne({ _id: 2 }, { session });
    expect((await failureOf(scratch.items.insertOne({ _id: 1 }, { session }))).code).toBe(11000);
    const failure = await failureOf(scratch.items.insertOne({ _id: 3 }, { session }));
    expect(failure.code).toBe(251);
    expect(failure.errorLabels).toContain('TransientTransactionError');
    await session.abortTransaction();
    expect(await scratch.items.countDocuments()).toBe(1);
  });

  test('reads by cursors over several batches', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertMany(Array.from({ length: 20 }, (_, index) => ({ _id: index })));
    await using session = server().client.startSession();
    session.startTransaction();
    expect(await scratch.items.find({}, { session, batchSize: 3 }).toArray()).toHaveLength(20);
    expect(
      await scratch.items.aggregate([{ $match: {} }], { session, cursor: { batchSize: 4 } }).toArray(),
    ).toHaveLength(20);
    expect(await scratch.items.distinct('_id', {}, { session })).toHaveLength(20);
    await session.commitTransaction();
  });
});

describe('commands of a transaction', () => {
  async function send(steps: readonly (readonly [string, Document])[]) {
    await using session = await RawSession.open(server().url);
    const outcomes: unknown[] = [];
    for (const [database, command] of steps) {
      const reply = await session.send(database, command);
      outcomes.push(reply['ok'] === 1 ? 'ok' : reply['code']);
    }
    return outcomes;
  }

  const begin = { txnNumber: Long.fromNumber(1), startTransaction: true, autocommit: false };
  const more = { txnNumber: Long.fromNumber(1), autocommit: false };

  test('commit and abort give the same reply when repeated', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.db.createCollection('items');
    const insert = { insert: 'items', documents: [{}], ...begin };
    expect(
      await send([
        [scratch.name, insert],
        ['admin', { commitTransaction: 1, ...more }],
        ['admin', { commitTransaction: 1, ...more }],
        ['admin', { abortTransaction: 1, ...more }],
      ]),
    ).toEqual(['ok', 'ok', 'ok', 256]);
    expect(await scratch.items.countDocuments()).toBe(1);
  });

  test('abort cannot be undone by a commit', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.db.createCollection('items');
    expect(
      await send([
        [scratch.name, { insert: 'items', documents: [{}], ...begin }],
        ['admin', { abortTransaction: 1, ...more }],
        [scratch.name, { insert: 'items', documents: [{}], ...more }],
        ['admin', { commitTransaction: 1, ...more }],
      ]),
    ).toEqual(['ok', 'ok', 251, 251]);
  });

  test('a transaction that never began is not found', async () => {
    await using scratch = freshDatabase(server().client);
    expect(await send([['admin', { commitTransaction: 1, ...more }]])).toEqual([251]);
    expect(await send([[scratch.name, { insert: 'items', documents: [{}], ...more }]])).toEqual([251]);
  });

  test('commands that are not allowed in a transaction are refused', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.items.insertOne({});
    for (const command of [{ count: 'items' }, { listCollections: 1 }, { drop: 'items' }]) {
      expect(await send([[scratch.name, { ...command, ...begin }]]), Object.keys(command)[0]).toEqual([263]);
    }
  });

  test('a change stream is refused in it', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.db.createCollection('items');
    const command = { aggregate: 'items', pipeline: [{ $changeStream: {} }], cursor: {}, ...begin };
    expect(await send([[scratch.name, command]])).toEqual([263]);
  });

  test('a newer transaction of the session ends the older one', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.db.createCollection('items');
    const second = { txnNumber: Long.fromNumber(2), autocommit: false };
    expect(
      await send([
        [scratch.name, { insert: 'items', documents: [{ _id: 1 }], ...begin }],
        [scratch.name, { insert: 'items', documents: [{ _id: 2 }], ...second, startTransaction: true }],
        ['admin', { commitTransaction: 1, ...second }],
        [scratch.name, { insert: 'items', documents: [{ _id: 3 }], ...more }],
      ]),
    ).toEqual(['ok', 'ok', 'ok', 225]);
    expect((await scratch.items.find().toArray()).map(({ _id }) => _id as unknown)).toEqual([2]);
  });
});
