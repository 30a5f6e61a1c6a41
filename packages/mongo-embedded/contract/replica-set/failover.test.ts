import {
  type ChangeStreamDocument,
  type Collection,
  type MongoClient,
  MongoError,
  MongoNetworkError,
  MongoServerError,
} from 'mongodb';
import { describe, expect, test } from 'vitest';
import { scratchFolder } from '../../src/testing/scratch-store.ts';
import { type RunningSet, startSet, until } from './running-set.ts';

// Sources: manual, "Rollbacks During Replica Set Failover", "Retryable Writes", "Change Streams" (majority-committed only);
// mongodb/mongo, jstests/replsets.

interface Counter {
  _id: number;
  n?: number;
}

const unsafe = { writeConcern: { w: 1 } } as const;

function countersOf(client: MongoClient): Collection<Counter> {
  return client.db('shop').collection<Counter>('counters');
}

interface Outcome {
  readonly acknowledged: number;
  /**
   * Writes that may have been applied or not: the driver retries once, and not at all if the connection breaks after its
   * monitor's.
   */
  readonly unknown: number;
}

function isFailover(error: unknown): boolean {
  return (
    error instanceof MongoNetworkError || (error instanceof MongoError && error.hasErrorLabel('RetryableWriteError'))
  );
}

/** Waits until every writer has had a write acknowledged since now: each has found the new primary. */
async function everyWriterGoesOn(counters: Collection<Counter>): Promise<void> {
  const read = async (): Promise<Map<number, number>> =>
    new Map((await counters.find({ n: { $exists: true } }).toArray()).map(({ _id, n }) => [_id, n ?? 0]));
  const before = await read();
  await until(async () => [...(await read())].every(([id, n]) => n > (before.get(id) ?? 0) + 1));
}

/** Increments a counter by one. False if a failover left it open whether the write was done. */
async function isIncremented(counters: Collection<Counter>, id: number): Promise<boolean> {
  try {
    await counters.updateOne({ _id: id }, { $inc: { n: 1 } }, { upsert: true });
    return true;
  } catch (error) {
    if (!isFailover(error)) throw error;
    return false;
  }
}

/** Increments one counter by one, again and again until told to stop, with retryable writes. */
function startWriter(counters: Collection<Counter>, id: number): { stop(): Promise<Outcome> } {
  let isStopped = false;
  const work = async (): Promise<Outcome> => {
    let [acknowledged, unknown] = [0, 0];
    while (!isStopped) {
      if (await isIncremented(counters, id)) acknowledged += 1;
      else unknown += 1;
    }
    return { acknowledged, unknown };
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

/** Stops the writers and checks that each counter was incremented once for each acknowledged write. */
async function expectExactlyOnce(
  counters: Collection<Counter>,
  writers: ReturnType<typeof startWriter>[],
): Promise<number[]> {
  const outcomes = await Promise.all(writers.map(async ({ stop }) => stop()));
  const stored = await counters
    .find({ n: { $exists: true } })
    .sort({ _id: 1 })
    .toArray();
  for (const [index, { acknowledged, unknown }] of outcomes.entries()) {
    expect(stored[index]?.n).toBeGreaterThanOrEqual(acknowledged);
    expect(stored[index]?.n).toBeLessThanOrEqual(acknowledged + unknown);
  }
  return stored.map(({ n }) => n ?? 0);
}

async function newPrimary(running: RunningSet, old: number | null): Promise<number> {
  await until(() => running.set.primary !== null && running.set.primary !== old);
  const { primary } = running.set;
  if (primary === null) throw new Error('the replica set has no primary');
  return primary;
}

/** Every change from here on, until the stream is closed. The driver resumes it over failovers. */
function collect(counters: Collection<Counter>): {
  readonly seen: ChangeStreamDocument<Counter>[];
  close(): Promise<void>;
  ready: Promise<void>;
} {
  const stream = counters.watch([], { fullDocument: 'updateLookup', maxAwaitTimeMS: 20 });
  const seen: ChangeStreamDocument<Counter>[] = [];
  let isClosed = false;
  const read = async (): Promise<void> => {
    for (;;) {
      const change = await stream.tryNext();
      if (change !== null) seen.push(change);
      if (isClosed) return;
    }
  };
  const ready = stream.tryNext().then((change) => {
    if (change !== null) seen.push(change);
  });
  const reading = ready.then(read);
  return {
    seen,
    ready,
    close: async () => {
      isClosed = true;
      await reading;
      await stream.close();
    },
  };
}

describe('a step-down', () => {
  test('under writes loses none and applies none twice', async () => {
    await using running = await startSet();
    const counters = countersOf(running.client);
    const writers = [1, 2, 3, 4].map((id) => startWriter(counters, id));
    let old = running.set.primary;
    for (let round = 0; round < 3; round += 1) {
      await everyWriterGoesOn(counters);
      running.set.stepDown();
      old = await newPrimary(running, old);
    }
    await everyWriterGoesOn(counters);
    const outcomes = await Promise.all(writers.map(async ({ stop }) => stop()));
    const stored = await counters.find().sort({ _id: 1 }).toArray();
    expect(outcomes).toEqual(stored.map(({ n }) => ({ acknowledged: n, unknown: 0 })));
  });

  test('is a command of the primary, and a secondary refuses it', async () => {
    await using running = await startSet();
    const admin = running.client.db('admin');
    expect(await admin.command({ replSetStepDown: 60 })).toMatchObject({ ok: 1 });
    expect(await newPrimary(running, 0)).not.toBe(0);
    const old = (await running.direct(0)).db('admin');
    await expect(old.command({ replSetStepDown: 60 })).rejects.toMatchObject({ code: 10107 });
  });

  test('is refused while no secondary can take over, unless it is forced', async () => {
    await using running = await startSet();
    running.set.cutOff(1);
    running.set.cutOff(2);
    const admin = running.client.db('admin');
    await expect(admin.command({ replSetStepDown: 60 })).rejects.toMatchObject({ code: 262 });
    expect(await admin.command({ replSetStepDown: 60, force: true })).toMatchObject({ ok: 1 });
    expect(running.set.primary).toBeNull();
  });

  test('aborts open transactions, whose callers may run them again', async () => {
    await using running = await startSet();
    const counters = countersOf(running.client);
    await counters.insertOne({ _id: 1, n: 0 });
    let attempts = 0;
    await running.client.withSession(async (session) =>
      session.withTransaction(async () => {
        attempts += 1;
        await counters.updateOne({ _id: 1 }, { $inc: { n: 1 } }, { session });
        if (attempts === 1) running.set.stepDown();
        await counters.insertOne({ _id: 10 + attempts }, { session });
      }),
    );
    expect(attempts).toBeGreaterThan(1);
    expect(await counters.findOne({ _id: 1 })).toEqual({ _id: 1, n: 1 });
    expect(await counters.countDocuments()).toBe(2);
  });

  test('ends a long write, whose retry continues where it was', async () => {
    await using running = await startSet();
    const counters = countersOf(running.client);
    const many = Array.from({ length: 20_000 }, (_, id) => ({ insertOne: { document: { _id: id } } }));
    const writing = counters.bulkWrite(many, { ordered: true });
    await until(async () => (await counters.countDocuments()) > 0);
    running.set.stepDown();
    expect((await writing).insertedCount).toBe(20_000);
    expect(await counters.countDocuments()).toBe(20_000);
  });
});

test('a killed primary loses no write that a majority has, and follows after its restart', async () => {
  using folder = scratchFolder();
  await using running = await startSet({ path: folder.path });
  const counters = countersOf(running.client);
  const writers = [1, 2, 3].map((id) => startWriter(counters, id));
  for (let round = 0; round < 3; round += 1) {
    const old = await newPrimary(running, null);
    await running.set.kill(old);
    await newPrimary(running, old);
    await everyWriterGoesOn(counters);
    await running.set.restart(old);
  }
  await expectExactlyOnce(counters, writers);
  const stored = await counters.find().sort({ _id: 1 }).toArray();
  await counters.insertOne({ _id: 100 }, { writeConcern: { w: 3 } });
  for (const id of [0, 1, 2]) {
    const copy = countersOf(await running.direct(id));
    expect((await copy.find().sort({ _id: 1 }).toArray()).slice(0, 3)).toEqual(stored);
  }
});

describe('a primary that is cut off', () => {
  test('steps down when its lease ends, and refuses writes then', async () => {
    await using running = await startSet({ leaseMs: 100 });
    const old = await running.direct(0, { retryWrites: false });
    running.set.cutOff(0);
    await until(async () => (await old.db('admin').command({ hello: 1 }))['isWritablePrimary'] === false);
    const write = countersOf(old).insertOne({ _id: 1 }, unsafe);
    await expect(write).rejects.toMatchObject({ code: 10107 });
    expect(await newPrimary(running, 0)).not.toBe(0);
    await countersOf(running.client).insertOne({ _id: 2 });
  });

  test('does not acknowledge a majority write, and says so when it steps down', async () => {
    await using running = await startSet({ leaseMs: 100 });
    const old = await running.direct(0, { retryWrites: false });
    running.set.cutOff(0);
    const write = countersOf(old).insertOne({ _id: 1 });
    await expect(write).rejects.toMatchObject({ code: 189 });
  });

  test('loses its own writes when it returns, and no reader of a majority has ever seen them', async () => {
    await using running = await startSet();
    const counters = countersOf(running.client);
    await counters.insertOne({ _id: 1, n: 0 });
    const changes = collect(counters);
    await changes.ready;
    const old = await running.direct(0);
    running.set.cutOff(0);
    await countersOf(old).insertOne({ _id: 666 }, unsafe);
    await countersOf(old).updateOne({ _id: 1 }, { $set: { n: 666 } }, unsafe);
    expect(await countersOf(old).countDocuments({ n: 666 })).toBe(1);
    expect(
      await countersOf(old)
        .find({ n: 666 }, { readConcern: { level: 'majority' } })
        .toArray(),
    ).toEqual([]);
    const address = running.set.members[await newPrimary(running, 0)]?.address;
    // Until then the driver may send a write to the old primary, which would wait for a majority in vain.
    await until(async () => (await running.client.db('admin').command({ hello: 1 }))['me'] === address);
    await counters.insertOne({ _id: 2 });
    running.set.reconnect(0);
    await counters.insertOne({ _id: 3 }, { writeConcern: { w: 3 } });
    await until(() => changes.seen.length >= 2);
    await changes.close();
    expect(changes.seen.map((change) => ('documentKey' in change ? change.documentKey._id : null))).toEqual([2, 3]);
    const returned = countersOf(await running.direct(0));
    expect(await returned.find().sort({ _id: 1 }).toArray()).toEqual([{ _id: 1, n: 0 }, { _id: 2 }, { _id: 3 }]);
  });
});

/** A generator of the linear congruential kind, so that a seed replays. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

/** One failure of a random kind, and its repair. */
async function failOnce(running: RunningSet, random: (below: number) => number): Promise<void> {
  const primary = await newPrimary(running, null);
  const kind = random(4);
  if (kind === 0) {
    running.set.stepDown();
    await newPrimary(running, primary);
  } else if (kind === 1) {
    await running.set.kill(primary);
    await newPrimary(running, primary);
    await running.set.restart(primary);
  } else if (kind === 2) {
    const other = (primary + 1 + random(2)) % 3;
    await running.set.kill(other);
    await running.set.restart(other);
  } else {
    running.set.cutOff(primary);
    // What only the cut-off primary has must never be seen again.
    const alone = await running.direct(primary);
    await countersOf(alone)
      .insertOne({ _id: -1 - random(1_000_000) }, unsafe)
      .catch((error: unknown) => {
        if (!(error instanceof MongoServerError)) throw error;
      });
    await newPrimary(running, primary);
    running.set.reconnect(primary);
  }
}

test.each([1, 2, 3])(
  'random failures lose and double nothing, and a stream shows each write once (seed %i)',
  {
    timeout: 120_000,
  },
  async (seed) => {
    await using running = await startSet();
    const random = randomOf(seed);
    const counters = countersOf(running.client);
    const changes = collect(counters);
    await changes.ready;
    const writers = [1, 2, 3].map((id) => startWriter(counters, id));
    const endMs = performance.now() + 8_000;
    for (let round = 0; round < 12 && performance.now() < endMs; round += 1) {
      await failOnce(running, random);
      await everyWriterGoesOn(counters);
    }
    const stored = await expectExactlyOnce(counters, writers);
    await counters.insertOne({ _id: 1_000 }, { writeConcern: { w: 3 } });
    const isLast = (change: ChangeStreamDocument<Counter>): boolean =>
      'documentKey' in change && change.documentKey._id === 1_000;
    await until(() => changes.seen.some(isLast));
    await changes.close();
    const written = changes.seen.flatMap((change) => ('documentKey' in change ? [change.documentKey._id] : []));
    expect(written.filter((id) => id < 0)).toEqual([]);
    expect([1, 2, 3].map((id) => written.filter((other) => other === id).length)).toEqual(stored);
  },
);
