import { silentLog } from '@emcachers/core/log';
import { createEntity } from '@emcachers/db/control/entities';
import { createMongoReplicaSet, type MongoReplicaSet } from '@emcachers/mongo-embedded/replica-set';
import { type Collection, MongoClient, MongoError, MongoNetworkError } from 'mongodb';
import { expect, test } from 'vitest';
import { randomFrom } from '../../../test/support/seeded-random.ts';
import { projectionOf, runIngest, testColumns, until } from '../../../test/support/test-ingest.ts';
import { openTestOplog } from '../../../test/support/test-oplog.ts';
import { cachedRows, startReplicator, temporaryDirectory } from '../../../test/support/test-replicator.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createMongoSource } from '../change-source/mongo-source.ts';

interface Item {
  _id: number;
  n: number;
  t: string;
}

const slowMs = 60_000;

/** The driver retries a write once. One that fails again may have been applied or not. */
function ignoreFailover(error: unknown): void {
  const isRetryable = error instanceof MongoError && error.hasErrorLabel('RetryableWriteError');
  if (!isRetryable && !(error instanceof MongoNetworkError)) throw error;
}

/** Changes the collection until told to stop. */
function startWriter(items: Collection<Item>): { stop(): Promise<void> } {
  const random = randomFrom(7);
  let isStopped = false;
  const writeOnce = async (n: number): Promise<unknown> => {
    const _id = Math.floor(random() * 200);
    if (random() < 0.2) return items.deleteOne({ _id });
    return items.updateOne({ _id }, { $set: { n, t: `text ${n}` } }, { upsert: true });
  };
  const work = async (): Promise<void> => {
    for (let n = 0; !isStopped; n += 1) await writeOnce(n).catch(ignoreFailover);
  };
  const working = work();
  working.catch(() => undefined);
  return {
    stop: () => {
      isStopped = true;
      return working;
    },
  };
}

async function newPrimary(set: MongoReplicaSet, old: number | null): Promise<number> {
  await until(() => set.primary !== null && set.primary !== old);
  return set.primary ?? -1;
}

/** Cuts the primary off, writes to it alone, and lets it return after the others have a new primary. */
async function loseWrite(set: MongoReplicaSet, ports: readonly number[], id: number): Promise<void> {
  const old = await newPrimary(set, null);
  await using alone = new MongoClient(`mongodb://127.0.0.1:${ports[old]}/?directConnection=true`);
  set.cutOff(old);
  const items = alone.db('shop').collection<Item>('items');
  await items.insertOne({ _id: id, n: 666, t: 'lost' }, { writeConcern: { w: 1 } });
  await items.updateMany({}, { $set: { t: 'lost' } }, { writeConcern: { w: 1 } });
  expect(await items.countDocuments({ _id: id })).toBe(1);
  await newPrimary(set, old);
  set.reconnect(old);
}

test('ingest follows step-downs, killed and cut-off primaries; oplog and cache equal the source and never show a rolled-back write', {
  timeout: 120_000,
}, async () => {
  const set = createMongoReplicaSet({ memory: true, electionMs: 50, leaseMs: 60_000 });
  const { url, ports } = await set.start();
  const source = createMongoSource({ url, clock: systemClock, stream: { awaitMsMax: 50 }, selectionMsMax: 15_000 });
  const mongo = new MongoClient(url);
  await using oplog = await openTestOplog();
  using directory = temporaryDirectory();
  const items = mongo.db('shop').collection<Item>('items');
  await items.insertMany(Array.from({ length: 200 }, (_, _id) => ({ _id, n: 0, t: 'first' })));
  await createEntity(oplog.database, { entityName: 'items', sourceName: 'shop.items', columns: [...testColumns] });
  try {
    await using running = runIngest({ source, oplog, log: silentLog, options: {} });
    await using replicator = await startReplicator({ database: oplog.database, dataDirectory: directory.path });
    await until(async () => (await oplog.entity('items')).lifecycle === 'live', slowMs);
    const writer = startWriter(items);
    for (let round = 0; round < 3; round += 1) {
      const old = await newPrimary(set, null);
      set.stepDown();
      const next = await newPrimary(set, old);
      await set.kill(next);
      await newPrimary(set, next);
      await set.restart(next);
      await loseWrite(set, ports, -1 - round);
    }
    await writer.stop();
    await items.insertOne({ _id: 1_000, n: 1, t: 'last' }, { writeConcern: { w: 3 } });
    const passed = await source.operationTime();
    await until(async () => ((await oplog.writer.readPosition()).position?.clusterTime ?? 0n) >= passed, slowMs);
    const { entityId } = await oplog.entity('items');
    const expected = await projectionOf(source, await oplog.entity('items'));
    expect(await oplog.replay(entityId)).toEqual(expected);
    const { entries } = await oplog.page(entityId);
    expect(entries.filter(({ data }) => data?.includes('lost') === true)).toEqual([]);
    await replicator.level('items', entries.at(-1)?.id);
    const documents = await items.find({}, { readConcern: { level: 'majority' } }).toArray();
    const cached = [...cachedRows(directory.path, 'items').values()].map(({ n, t }) => `${String(n)} ${String(t)}`);
    expect(cached.sort()).toEqual(documents.map(({ n, t }) => `${n} ${t}`).sort());
    await running.stop();
  } finally {
    await source.close();
    await mongo.close();
    await set.stop();
  }
});
