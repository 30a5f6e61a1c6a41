import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Shape } from '@emcachers/core/shape';
import Sqlite from 'better-sqlite3';
import type { MongoClient, Timestamp } from 'mongodb';
import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { createStack, type Stack } from './support/stack.ts';
import { testRandom } from './support/test-random.ts';

interface Counter {
  readonly _id: number;
  readonly n: number;
}

const shapeOf = (entityName: string): Shape => ({
  entityName,
  sourceName: `shop.${entityName}`,
  columns: [{ name: 'n', type: 'Integer', path: 'n' }],
});

function toBigint(time: Timestamp | undefined): bigint {
  if (time === undefined) throw new Error('The session has no operation time.');
  return BigInt(time.toString());
}

/** Sets the counter of a document, and answers the operation time. */
async function write(mongo: MongoClient, collection: string, { _id, n }: Counter): Promise<bigint> {
  return mongo.withSession(async (session) => {
    const counters = mongo.db('shop').collection<Counter>(collection);
    await counters.updateOne({ _id }, { $set: { n } }, { upsert: true, session });
    return toBigint(session.operationTime);
  });
}

interface Place {
  readonly sourceTime: bigint | null;
  readonly rows: ReadonlyMap<string, number>;
}

/** Source time and rows in one transaction. */
function readPlace(stack: Stack, entityName: string): Place {
  const cache = new Sqlite(path.join(stack.dataDir, 'dbs', entityName, 'db.sqlite'), { readonly: true });
  try {
    return cache.transaction((): Place => {
      const time = cache.prepare<[], string>("SELECT value FROM metadata WHERE key = 'source_time'").pluck().get();
      const rows = cache.prepare<[], { id: string; n: number }>(`SELECT doc_id AS id, n FROM "${entityName}"`).all();
      return { sourceTime: time === undefined ? null : BigInt(time), rows: new Map(rows.map(({ id, n }) => [id, n])) };
    })();
  } finally {
    cache.close();
  }
}

/** A write, and its operation time. */
interface Written {
  readonly time: bigint;
  readonly id: string;
  readonly n: number;
}

/** The writes up to the source time that the rows do not have. */
function missingIn({ sourceTime, rows }: Place, written: readonly Written[]): string[] {
  const due = written.filter(({ time }) => sourceTime !== null && time <= sourceTime);
  const missing = due.filter(({ id, n }) => (rows.get(id) ?? -1) < n);
  return missing.map(({ id, n }) => `${id} is ${rows.get(id)} at ${sourceTime}, not ${n}`);
}

async function reaches(stack: Stack, entityName: string, time: bigint): Promise<Place> {
  return eventually(async () => {
    const place = readPlace(stack, entityName);
    return (place.sourceTime ?? 0n) >= time ? place : null;
  }, `${entityName} to reach ${time}`);
}

test('a write to any collection is waited for by the source time of every cache, on an otherwise idle system', async () => {
  await using stack = await createStack();
  await using running = await stack.engine();
  for (const name of ['orders', 'idle']) {
    await running.api.create(shapeOf(name));
    await running.api.untilLive(name);
  }
  await reaches(stack, 'orders', await write(stack.mongo, 'orders', { _id: 1, n: 1 }));
  expect(readPlace(stack, 'orders').rows.get('n:1')).toBe(1);
  await reaches(stack, 'idle', await write(stack.mongo, 'orders', { _id: 1, n: 2 }));
  for (const name of ['orders', 'idle'])
    await reaches(stack, name, await write(stack.mongo, 'unknown', { _id: 1, n: 1 }));
});

test('the source time is never ahead of the rows and never goes back, through refreshes and restarts', async () => {
  const random = testRandom();
  await using stack = await createStack();
  const written: Written[] = [];
  let highest = 0n;
  let places = 0;
  let isWatching = true;
  const wrong: string[] = [];
  const check = (): void => {
    const place = readPlace(stack, 'orders');
    const sourceTime = place.sourceTime ?? highest;
    if (sourceTime < highest) wrong.push(`${sourceTime} after ${highest}`);
    if (sourceTime > highest) places += 1;
    highest = sourceTime;
    wrong.push(...missingIn(place, written));
  };
  let n = 0;
  const writeSome = async (count: number): Promise<void> => {
    for (let each = 0; each < count; each += 1) {
      n += 1;
      const _id = Math.floor(random() * 10);
      const collection = random() < 0.7 ? 'orders' : 'unknown';
      const time = await write(stack.mongo, collection, { _id, n });
      if (collection === 'orders') written.push({ time, id: `n:${_id}`, n });
    }
  };
  await writeSome(20);
  const watch = async (): Promise<void> => {
    while (isWatching) {
      check();
      await turn();
    }
  };
  let watching: Promise<void> | null = null;
  for (let run = 0; run < 3; run += 1) {
    await using running = await stack.engine();
    if (run === 0) await running.api.create(shapeOf('orders'));
    await running.api.untilLive('orders');
    watching ??= watch();
    await writeSome(60);
    await running.api.request('POST', '/api/v1/entities/orders/refresh', { body: {} });
    await writeSome(60);
    await running.api.untilLive('orders');
  }
  isWatching = false;
  await watching;
  expect(wrong.slice(0, 5)).toEqual([]);
  expect(places).toBeGreaterThan(20);
});

test('after a lost position the source time is absent until the new scan is complete', async () => {
  await using stack = await createStack();
  if (stack.cutHistory === null) return;
  {
    await using running = await stack.engine();
    await running.api.create(shapeOf('orders'));
    await running.api.untilLive('orders');
    await reaches(stack, 'orders', await write(stack.mongo, 'orders', { _id: 1, n: 1 }));
  }
  const before = readPlace(stack, 'orders').sourceTime ?? 0n;
  const missed = await write(stack.mongo, 'orders', { _id: 1, n: 2 });
  stack.cutHistory();
  await write(stack.mongo, 'orders', { _id: 2, n: 1 });
  stack.cutHistory();
  await using running = await stack.engine();
  const seen = new Set<bigint | null>();
  await eventually(async () => {
    const place = readPlace(stack, 'orders');
    seen.add(place.sourceTime);
    if (place.sourceTime !== null && place.sourceTime > before) expect(place.rows.get('n:1')).toBe(2);
    return (place.sourceTime ?? 0n) >= missed ? place : null;
  }, 'the source time to pass what was missed');
  expect((await running.api.entity('orders')).version).toBe(2);
});
