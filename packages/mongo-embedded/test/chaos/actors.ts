import { setTimeout as delay } from 'node:timers/promises';
import { type AnyClientBulkWriteModel, type ClientSession, type Collection, type Document, MongoClient } from 'mongodb';
import type { SeededRandom } from '../seeded-random.ts';

export interface ActorContext {
  readonly client: MongoClient;
  readonly random: SeededRandom;
  readonly signal: AbortSignal;
}

/** One step; it may fail in any way that MongoDB allows. */
export type Actor = (context: ActorContext) => Promise<void>;

interface Item extends Document {
  _id: number;
}

const database = 'chaos';
const ids = 2_000;

function itemsOf({ client }: ActorContext): Collection<Item> {
  return client.db(database).collection<Item>('items');
}

function document(random: SeededRandom): Item {
  return {
    _id: random.below(ids),
    n: random.below(50),
    tags: [random.below(5), random.below(5)],
    text: 'x'.repeat(random.below(500)),
  };
}

/** One statement, also inside a transaction. */
async function statement(context: ActorContext, session?: ClientSession): Promise<unknown> {
  const { random } = context;
  const items = itemsOf(context);
  const options = session === undefined ? {} : { session };
  const _id = random.below(ids);
  switch (random.below(9)) {
    case 0:
      return items.updateOne({ _id }, { $inc: { n: 1 } }, { ...options, upsert: true });
    case 1:
      return items.updateMany({ n: random.below(50) }, { $inc: { n: 1 } }, options);
    case 2:
      return items.updateMany({}, { $set: { touched: random.below(1000) } }, options);
    case 3:
      return items.deleteMany({ n: { $gt: random.below(200) } }, options);
    case 4:
      return items.insertMany(
        Array.from({ length: 1 + random.below(300) }, () => document(random)),
        { ...options, ordered: false },
      );
    case 5:
      return items
        .find({ n: { $lt: random.below(50) } }, { ...options, batchSize: 1 + random.below(50), sort: { text: 1 } })
        .toArray();
    case 6:
      return items
        .aggregate([{ $match: { n: { $gte: 0 } } }, { $group: { _id: '$n', all: { $sum: 1 } } }], {
          ...options,
          batchSize: 5,
        })
        .toArray();
    case 7:
      return items.findOneAndUpdate(
        { n: random.below(50) },
        { $set: { n: random.below(50) } },
        { ...options, sort: { _id: -1 } },
      );
    default:
      return items.deleteOne({ _id }, options);
  }
}

const write: Actor = async (context) => {
  await statement(context);
};

const bulk: Actor = async ({ client, random }) => {
  const namespace = `${database}.items`;
  const models = Array.from({ length: 1 + random.below(3_000) }, (): AnyClientBulkWriteModel<Document> => {
    const filter = { _id: random.below(ids) } as Document;
    const kind = random.below(3);
    if (kind === 0) return { namespace, name: 'insertOne', document: document(random) as Document };
    if (kind === 1)
      return { namespace, name: 'updateOne', filter, update: { $inc: { n: 1 } }, upsert: random.chance(2) };
    return { namespace, name: 'deleteOne', filter };
  });
  await client.bulkWrite(models, { ordered: random.chance(2) });
};

/** Statements one after the other or at once; committed, aborted or left open. */
const transaction: Actor = async (context) => {
  const { client, random } = context;
  await using session = client.startSession();
  const steps = 1 + random.below(4);
  if (random.chance(3)) {
    const work = async (): Promise<void> => {
      for (let step = 0; step < steps; step += 1) await statement(context, session);
    };
    await session.withTransaction(work, { timeoutMS: 5_000 });
    return;
  }
  session.startTransaction();
  await statement(context, session);
  const others = Promise.allSettled(Array.from({ length: steps }, async () => statement(context, session)));
  if (random.chance(2)) await others;
  const end = random.pick(['commit', 'abort', 'leave']);
  if (end === 'commit') await session.commitTransaction();
  if (end === 'abort') await session.abortTransaction();
  await others;
};

const stream: Actor = async (context) => {
  const { random } = context;
  const options = { maxAwaitTimeMS: 1 + random.below(300), batchSize: 1 + random.below(100) };
  const target = random.pick([itemsOf(context), context.client.db(database), context.client]);
  const images = random.chance(2) ? { fullDocument: 'updateLookup' as const } : {};
  const changes = target.watch([], { ...options, ...images });
  try {
    for (let step = 0; step < random.below(200); step += 1) await changes.tryNext();
  } finally {
    await changes.close();
  }
};

/** Kills what others use: sessions, cursors, the connections of a client. */
const kill: Actor = async ({ client, random }) => {
  await delay(random.below(200));
  const admin = client.db('admin');
  const sessions = await admin.aggregate([{ $listLocalSessions: {} }]).toArray();
  const chosen = sessions.filter(() => random.chance(4)).map(({ _id }) => ({ id: _id.id }));
  if (random.chance(10)) await admin.command({ killAllSessions: [] });
  else if (chosen.length > 0) await admin.command({ killSessions: chosen });
};

const disconnect: Actor = async (context) => {
  const { client, random } = context;
  const { hosts } = client.options;
  const doomed = new MongoClient(`mongodb://${hosts[0]?.toString()}/?replicaSet=rs0`, {
    serverSelectionTimeoutMS: 2_000,
  });
  const inside = { ...context, client: doomed };
  const work = Promise.allSettled([transaction(inside), stream(inside), bulk(inside)]);
  await delay(random.below(300));
  await doomed.close(true);
  await work;
};

const schema: Actor = async (context) => {
  const { random } = context;
  const items = itemsOf(context);
  await delay(random.below(300));
  switch (random.below(6)) {
    case 0:
      await items.createIndex({ n: random.chance(2) ? 1 : -1 });
      return;
    case 1:
      await items.createIndex({ tags: 1, n: 1 });
      return;
    case 2:
      await items.dropIndexes();
      return;
    case 3:
      await items.aggregate([{ $match: { n: { $gte: 0 } } }, { $out: 'copy' }]).toArray();
      return;
    case 4:
      await items.rename('copy', { dropTarget: true });
      return;
    default:
      await items.drop();
  }
};

export const actors: readonly Actor[] = [
  write,
  write,
  bulk,
  transaction,
  transaction,
  transaction,
  stream,
  stream,
  kill,
  disconnect,
  schema,
];
