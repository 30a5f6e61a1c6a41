import { type AnyClientBulkWriteModel, type Collection, type Document, MongoServerError } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { freshDatabase, type Item } from './fresh-database.ts';
import { useServer } from './use-server.ts';
import { WireClient } from './wire-client.ts';

// Source: manual, "FAQ: Concurrency", "How do long-running operations yield?"
const server = useServer();

/** Pings on a connection of its own until the work is done; returns how many were answered before that. */
async function pingsDuring(work: Promise<unknown>): Promise<number> {
  await using wire = await WireClient.connect(server().url);
  let isRunning = true;
  const done = work.finally(() => {
    isRunning = false;
  });
  let answered = 0;
  while (isRunning) {
    await wire.command('admin', { ping: 1 });
    if (isRunning) answered += 1;
  }
  await done;
  return answered;
}

const numbered = (count: number): Item[] =>
  Array.from({ length: count }, (_, n) => ({ _id: n, n, text: 'x'.repeat(40) }));

describe('while a long command runs, other clients are answered', () => {
  test('a bulkWrite of 40,000 statements', async () => {
    await using scratch = freshDatabase(server().client);
    const namespace = `${scratch.name}.items`;
    const models = numbered(40_000).map((document): AnyClientBulkWriteModel<Document> => {
      return { namespace, name: 'insertOne', document: document as Document };
    });
    expect(await pingsDuring(server().client.bulkWrite(models))).toBeGreaterThan(10);
    expect(await scratch.items.countDocuments()).toBe(40_000);
  });

  test('statements of insert, update and delete', async () => {
    await using scratch = freshDatabase(server().client);
    const { items } = scratch;
    const documents = numbered(20_000);
    expect(await pingsDuring(items.insertMany(documents))).toBeGreaterThan(4);
    const updates = documents.map(({ _id }) => ({ updateOne: { filter: { _id }, update: { $inc: { n: 1 } } } }));
    expect(await pingsDuring(items.bulkWrite(updates as never))).toBeGreaterThan(4);
    expect(await pingsDuring(items.updateMany({}, { $inc: { n: 1 } }))).toBeGreaterThan(4);
    const deletes = documents.slice(0, 10_000).map(({ _id }) => ({ deleteOne: { filter: { _id } } }));
    expect(await pingsDuring(items.bulkWrite(deletes as never))).toBeGreaterThan(4);
    await items.insertMany(numbered(60_000).slice(20_000));
    expect(await pingsDuring(items.deleteMany({}))).toBeGreaterThan(4);
    expect(await items.countDocuments()).toBe(0);
  });

  test('a sort, a $group and a $sort over a whole collection', async () => {
    await using scratch = freshDatabase(server().client);
    const { items } = scratch;
    await items.insertMany(numbered(40_000));
    const sorted = items.find({}, { sort: { text: 1, n: -1 }, limit: 1 }).toArray();
    expect(await pingsDuring(sorted)).toBeGreaterThan(4);
    const stages = [{ $group: { _id: '$n', all: { $push: '$text' } } }, { $sort: { _id: -1 } }, { $limit: 1 }];
    const grouped = items.aggregate(stages).toArray();
    expect(await pingsDuring(grouped)).toBeGreaterThan(4);
    expect((await grouped)[0]?.['_id']).toBe(39_999);
    const copied = items.aggregate([{ $out: 'copy' }]).toArray();
    expect(await pingsDuring(copied)).toBeGreaterThan(4);
    expect(await scratch.collection('copy').countDocuments()).toBe(40_000);
  });
});

describe('a change that takes many turns and must be seen whole', () => {
  const count = 40_000;

  /** Runs the work while other clients ping, and counts the documents until it is done. */
  async function countsDuring(items: Collection<Item>, work: Promise<unknown>): Promise<Set<number>> {
    const counts = new Set<number>();
    let isRunning = true;
    const pings = pingsDuring(work).finally(() => {
      isRunning = false;
    });
    while (isRunning) counts.add(await items.countDocuments());
    expect(await pings).toBeGreaterThan(10);
    return counts;
  }

  test('the commit of a transaction of 40,000 writes', async () => {
    await using scratch = freshDatabase(server().client);
    const { items } = scratch;
    await items.createIndex({ n: 1 }, { unique: true });
    await using session = server().client.startSession();
    session.startTransaction();
    await items.insertMany(numbered(count), { session });
    const counts = await countsDuring(items, session.commitTransaction());
    expect([...counts].filter((seen) => seen !== 0 && seen !== count)).toEqual([]);
    expect(await items.countDocuments()).toBe(count);
  });

  test('a rename to another database', async () => {
    await using scratch = freshDatabase(server().client);
    await using target = freshDatabase(server().client);
    // A rename costs less for each document than a commit.
    const renamed = 3 * count;
    await scratch.items.insertMany(numbered(renamed));
    const rename = { renameCollection: scratch.items.namespace, to: target.items.namespace };
    const counts = await countsDuring(target.items, server().client.db('admin').command(rename));
    expect([...counts].filter((seen) => seen !== 0 && seen !== renamed)).toEqual([]);
    expect(await target.items.countDocuments()).toBe(renamed);
    expect(await scratch.items.countDocuments()).toBe(0);
  });
});

describe('between two turns of a long command', () => {
  test('an ordered bulk keeps its order, and a concurrent writer loses nothing', async () => {
    await using scratch = freshDatabase(server().client);
    const { items } = scratch;
    await items.insertOne({ _id: 'counter', n: 0, others: 0 });
    const steps = Array.from({ length: 10_000 }, (_, step) => ({
      updateOne: { filter: { _id: 'counter', n: step }, update: { $set: { n: step + 1 } } },
    }));
    let isRunning = true;
    const bulk = items.bulkWrite(steps).finally(() => {
      isRunning = false;
    });
    let others = 0;
    for (; isRunning; others += 1) await items.updateOne({ _id: 'counter' }, { $inc: { others: 1 } });
    expect((await bulk).modifiedCount).toBe(10_000);
    expect(await items.findOne({ _id: 'counter' })).toEqual({ _id: 'counter', n: 10_000, others });
    expect(others).toBeGreaterThan(4);
  });

  test('an updateMany ends with QueryPlanKilled 175 if the collection is dropped', async () => {
    await using scratch = freshDatabase(server().client);
    const { items } = scratch;
    // An update may be over before the drop arrives.
    let code: unknown;
    for (let round = 0; code === undefined && round < 20; round += 1) {
      await items.insertMany(numbered(10_000));
      const update = items.updateMany({}, { $inc: { n: 1 } }).catch((error: MongoServerError) => error);
      await server().client.db('admin').command({ ping: 1 });
      await items.drop();
      const outcome = await update;
      if (outcome instanceof MongoServerError) code = outcome.code;
    }
    expect(code).toBe(175);
    await items.insertOne({ _id: 1 });
    expect(await items.find().toArray()).toEqual([{ _id: 1 }]);
  });

  test('an insert of many documents goes on in a new collection if its collection is dropped', async () => {
    await using scratch = freshDatabase(server().client);
    const { items } = scratch;
    const insert = items.insertMany(numbered(20_000));
    while ((await items.estimatedDocumentCount()) === 0);
    await items.drop();
    expect((await insert).insertedCount).toBe(20_000);
    expect(await items.countDocuments()).toBeLessThan(20_000);
  });
});
