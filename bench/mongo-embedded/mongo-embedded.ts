/**
 * Measures the embedded MongoDB alone, with its data on disk and the client in a separate process. The engine's figures depend
 * on these if no `mongod` is given.
 *
 *   node bench/mongo-embedded/run.ts [quick]
 */
import type { Collection, Document } from 'mongodb';
import { type ServerProcess, startServerProcess } from '../../packages/mongo-embedded/test/server-process.ts';
import { type Measurement, measureRate, median, type RateOptions } from '../support/measurement.ts';
import { measureOperations } from './operations.ts';
import { measurePing } from './ping.ts';
import { measureSingleOperations } from './single-operations.ts';
import { type Target, withServer } from './with-server.ts';

const runs = 5;
const insertBatch = 10_000;
const eventBatch = 5_000;

export interface MongoEmbeddedSizes {
  /** Number of documents in one insert, read or stream run. */
  readonly documents: number;
  /** Final size of the collection whose memory use is measured as it grows. */
  readonly large: number;
}

export const fullSizes: MongoEmbeddedSizes = { documents: 100_000, large: 1_000_000 };
export const quickSizes: MongoEmbeddedSizes = { documents: 20_000, large: 100_000 };

/** All figures: writing, reading, following, single operations, waiting, startup, memory. */
export async function measureMongoEmbedded(sizes: MongoEmbeddedSizes): Promise<Measurement[]> {
  return [
    ...(await withServer(async (target) => [...(await measureInsert(target, sizes)), ...(await measureRead(target))])),
    ...(await withServer(async (target) => measureStream(target, sizes))),
    ...(await measureOperations(sizes)),
    ...(await measureSingleOperations(Math.min(sizes.documents, 20_000))),
    ...(await measurePing()),
    ...(await measureStart()),
    ...(await measureWeight(sizes)),
  ];
}

/** Documents of about 300 bytes; the driver adds an ObjectId. */
function documentsOf(count: number, from: number): Document[] {
  return Array.from({ length: count }, (_, index) => ({
    number: from + index,
    status: ['placed', 'paid', 'packed', 'shipped'][index % 4],
    total: 12.5 + (index % 1_000),
    customer: { name: `Customer ${index % 5_000}`, city: 'Reykjavík' },
    note: 'Leave the parcel with the neighbour on the second floor, who is at home in the afternoon; ring twice.',
    placedAt: new Date(1_700_000_000_000 + index * 1_000),
  }));
}

async function insert(items: Collection<Document>, count: number): Promise<number> {
  for (let from = 0; from < count; from += insertBatch) {
    await items.insertMany(documentsOf(Math.min(insertBatch, count - from), from), { ordered: false });
  }
  return count;
}

/**
 * Operations per second seen by the client, and the server's processor time for them. On a busy machine only the second figure
 * is comparable.
 */
async function measureBoth(server: ServerProcess, options: RateOptions): Promise<Measurement[]> {
  const before = await server.cpuSeconds();
  let operations = 0;
  const work = async (run: number): Promise<number> => {
    const done = await options.work(run);
    operations += done;
    return done;
  };
  const rate = await measureRate({ ...options, work });
  const seconds = (await server.cpuSeconds()) - before;
  const cost = {
    name: `${options.name}, server time`,
    value: (seconds / operations) * 100_000,
    unit: 's per 100 k',
  } as const;
  return [rate, cost];
}

async function measureInsert({ server, items }: Target, { documents }: MongoEmbeddedSizes): Promise<Measurement[]> {
  const name = `bulk insert, 300 B, batches of ${insertBatch}`;
  return measureBoth(server, { name, runs, work: async () => insert(items, documents) });
}

/** Reads the documents that the inserts left. */
async function measureRead({ server, items }: Target): Promise<Measurement[]> {
  return [
    ...(await measureBoth(server, { name: 'cursor read, raw', runs, work: async () => readAll(items, true) })),
    ...(await measureBoth(server, { name: 'cursor read, decoded', runs, work: async () => readAll(items, false) })),
    ...(await measureBoth(server, { name: 'scan by pages of _id', runs: 3, work: async () => scanByPages(items) })),
  ];
}

async function readAll(items: Collection<Document>, raw: boolean): Promise<number> {
  const count = await items.estimatedDocumentCount();
  let seen = 0;
  for await (const _ of items.find({}, { raw, batchSize: insertBatch })) seen += 1;
  if (seen !== count) throw new Error(`read ${seen} of ${count} documents`);
  return seen;
}

/** Reads like the engine's scan: pages by `_id` across types, one query per page. */
async function scanByPages(items: Collection<Document>): Promise<number> {
  const limit = 5_000;
  let seen = 0;
  let filter: Document = {};
  for (;;) {
    const page = await items.find(filter, { sort: { _id: 1 }, limit, batchSize: limit + 1 }).toArray();
    seen += page.length;
    const last = page.at(-1);
    if (last === undefined || page.length < limit) return seen;
    filter = { $expr: { $gt: ['$_id', { $literal: last._id }] } };
  }
}

/** Reads events that are already in the history, as when catching up, and events as they occur. */
async function measureStream({ server, items }: Target, { documents }: MongoEmbeddedSizes): Promise<Measurement[]> {
  const { operationTime } = await items.db.command({ ping: 1 });
  await insert(items, documents);
  const catchUp = async (stages: Document[]): Promise<number> => {
    const pipeline = [{ $changeStream: { startAtOperationTime: operationTime } }, ...stages];
    return readEvents(items, { pipeline, count: documents });
  };
  const wanted = { 'ns.db': 'bench', 'ns.coll': { $in: ['items'] } };
  const match = { $match: { $or: [wanted, { operationType: 'invalidate' }] } };
  return [
    ...(await measureBoth(server, { name: 'change stream, catching up', runs, work: async () => catchUp([]) })),
    ...(await measureBoth(server, { name: 'change stream, $match on ns', runs, work: async () => catchUp([match]) })),
    ...(await measureBoth(server, { name: 'insert and follow', runs: 3, work: async () => follow(items, documents) })),
  ];
}

async function readEvents(
  items: Collection<Document>,
  request: { pipeline: Document[]; count: number },
): Promise<number> {
  const cursor = items.aggregate(request.pipeline, { raw: true, batchSize: eventBatch });
  for (let seen = 0; seen < request.count; seen += 1) await cursor.next();
  await cursor.close();
  return request.count;
}

async function follow(items: Collection<Document>, count: number): Promise<number> {
  const { operationTime } = await items.db.command({ ping: 1 });
  const pipeline = [{ $changeStream: { startAtOperationTime: operationTime } }];
  await Promise.all([insert(items, count), readEvents(items, { pipeline, count })]);
  return count;
}

async function measureStart(): Promise<Measurement[]> {
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    await using server = await startServerProcess(['--memory', '--port', '0']);
    times.push(server.startMs);
  }
  return [
    {
      name: 'start, process to address',
      value: median(times),
      unit: 'ms',
      range: [Math.min(...times), Math.max(...times)],
    },
  ];
}

/** Resident memory of the server as the collection grows tenfold, measured after reading all of it. */
async function measureWeight({ large }: MongoEmbeddedSizes): Promise<Measurement[]> {
  return withServer(async ({ server, items }) => {
    const weigh = async (): Promise<number> => {
      await readAll(items, true);
      return Math.round((await server.residentBytes()) / 1_000_000);
    };
    const weights: Measurement[] = [];
    let stored = 0;
    for (const share of [0.1, 0.5, 1]) {
      stored += await insert(items, large * share - stored);
      weights.push({ name: `memory with ${stored} documents`, value: await weigh(), unit: 'MB' });
    }
    return weights;
  });
}
