import { type ClientSession, type Collection, type Document, Long, Timestamp } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { ChangeStreamReader } from './change-stream-reader.ts';
import { freshDatabase, type Item } from './fresh-database.ts';
import { RawSession } from './raw-session.ts';
import { useServer } from './use-server.ts';

// Sources: manual, "Causal Consistency" (operationTime), "startAtOperationTime"; mongodb/mongo
// src/mongo/db/service_entry_point_shard_role.cpp, computeOperationTime: a write reports the time of its own last entry.
const server = useServer();

const writerCount = 16;
const writesPerWriter = 8;

interface Write {
  /** Identifies the document whose event the write's last entry makes. */
  readonly id: string;
  readonly operationTime: Timestamp;
}

type WriteKind = (items: Collection<Item>, id: string, session: ClientSession) => Promise<unknown>;

/** Each kind makes one document with the given id last. */
const kinds: Readonly<Record<string, WriteKind>> = {
  insert: (items, _id, session) => items.insertOne({ _id }, { session }),
  upsert: (items, _id, session) => items.updateOne({ _id }, { $set: { a: 1 } }, { session, upsert: true }),
  findAndModify: (items, _id, session) =>
    items.findOneAndUpdate({ _id }, { $inc: { a: 1 } }, { session, upsert: true }),
  'bulk of inserts': (items, _id, session) => items.insertMany([{ _id: `${_id}-first` }, { _id }], { session }),
  'bulk of updates': (items, _id, session) =>
    items.bulkWrite(
      [`${_id}-first`, _id].map((id) => ({
        updateOne: { filter: { _id: id }, update: { $set: { a: 1 } }, upsert: true },
      })),
      { session },
    ),
  transaction: (items, _id, session) =>
    session.withTransaction(async () => {
      await items.insertOne({ _id: `${_id}-first` }, { session });
      await items.insertOne({ _id }, { session });
    }),
};

/** Runs sixteen writers at once, each with its own session. */
async function writeConcurrently(items: Collection<Item>, kind: WriteKind): Promise<Write[]> {
  const { client } = server();
  const write = async (writer: number): Promise<Write[]> => {
    const written: Write[] = [];
    for (let round = 0; round < writesPerWriter; round += 1) {
      const session = client.startSession();
      const id = `${writer}/${round}`;
      await kind(items, id, session);
      if (session.operationTime === undefined) throw new Error('the session has no operation time');
      written.push({ id, operationTime: session.operationTime });
      await session.endSession();
    }
    return written;
  };
  return (await Promise.all(Array.from({ length: writerCount }, (_, writer) => write(writer)))).flat();
}

function idOf(event: Document): string {
  return String(event['documentKey']?._id);
}

describe('the operationTime of a write among sixteen writers', () => {
  for (const [name, kind] of Object.entries(kinds)) {
    test(`is the clusterTime of its own event: ${name}`, async () => {
      await using scratch = freshDatabase(server().client);
      await scratch.db.createCollection('items');
      await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items' });
      const written = await writeConcurrently(scratch.items, kind);
      const times = new Map<string, string>();
      const isMissing = (): boolean => written.some(({ id }) => !times.has(id));
      while (isMissing()) {
        const event = await stream.next();
        times.set(idOf(event), String(event['clusterTime']));
      }
      const wrong = written.filter(({ id, operationTime }) => times.get(id) !== String(operationTime));
      expect(wrong, `${wrong.length} of ${written.length} differ`).toEqual([]);
    });
  }

  test('opens a stream that shows the write', async () => {
    await using scratch = freshDatabase(server().client);
    await scratch.db.createCollection('items');
    const written = await writeConcurrently(scratch.items, kinds['insert'] as WriteKind);
    const missed: string[] = [];
    for (const { id, operationTime } of written) {
      const options = { startAtOperationTime: operationTime };
      await using stream = await ChangeStreamReader.open({ database: scratch.db, collection: 'items', options });
      if (!stream.firstBatch.events.some((event) => idOf(event) === id)) missed.push(id);
    }
    expect(missed, `${missed.length} of ${written.length} streams miss the write`).toEqual([]);
  });
});

// Only here: a mongod reports its newest time for a retry, which is never earlier than the write's own.
describe('a retry reports the operationTime of the write itself', () => {
  test('for a retryable write', async ({ skip }) => {
    skip(server().kind !== 'embedded');
    await using scratch = freshDatabase(server().client);
    await using session = await RawSession.open(server().url);
    const insert = { insert: 'items', documents: [{ _id: 1 }], txnNumber: Long.fromNumber(1) };
    const first = await session.send(scratch.name, insert);
    await scratch.items.insertOne({ _id: 2 });
    const retry = await session.send(scratch.name, insert);
    expect(retry['operationTime']).toEqual(first['operationTime']);
    expect(first['operationTime']).toBeInstanceOf(Timestamp);
  });

  test('for a commit', async ({ skip }) => {
    skip(server().kind !== 'embedded');
    await using scratch = freshDatabase(server().client);
    await scratch.db.createCollection('items');
    await using session = await RawSession.open(server().url);
    const transaction = { txnNumber: Long.fromNumber(1), autocommit: false };
    await session.send(scratch.name, { insert: 'items', documents: [{}], ...transaction, startTransaction: true });
    const first = await session.send('admin', { commitTransaction: 1, ...transaction });
    await scratch.items.insertOne({ _id: 2 });
    const retry = await session.send('admin', { commitTransaction: 1, ...transaction });
    expect(retry['operationTime']).toEqual(first['operationTime']);
    expect(first['operationTime']).toBeInstanceOf(Timestamp);
  });
});
