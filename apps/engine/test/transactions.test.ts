import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import type { Shape } from '@emcachers/core/shape';
import Sqlite from 'better-sqlite3';
import type { Collection, MongoClient } from 'mongodb';
import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { createStack, type Stack } from './support/stack.ts';
import { testRandom } from './support/test-random.ts';

interface Account {
  readonly _id: number;
  readonly balance: number;
}

const shape: Shape = {
  entityName: 'accounts',
  sourceName: 'bank.accounts',
  columns: [{ name: 'balance', type: 'Integer', path: 'balance' }],
};
const accounts = 3;
const total = 300;

/** Moves an amount between two accounts, each time in one transaction. */
async function transfer(mongo: MongoClient, random: () => number): Promise<void> {
  const collection = mongo.db('bank').collection<Account>('accounts');
  const from = Math.floor(random() * accounts);
  const to = (from + 1 + Math.floor(random() * (accounts - 1))) % accounts;
  const amount = 1 + Math.floor(random() * 50);
  await mongo.withSession((session) =>
    session.withTransaction(async () => {
      await collection.updateOne({ _id: from }, { $inc: { balance: -amount } }, { session });
      await collection.updateOne({ _id: to }, { $inc: { balance: amount } }, { session });
    }),
  );
}

/** Reads the cache again and again, and keeps every state that it sees. */
function watchCache(stack: Stack) {
  const file = path.join(stack.dataDir, 'dbs', 'accounts', 'db.sqlite');
  const seen = new Set<string>();
  const wrong: string[] = [];
  const read = (): number[] => {
    const cache = new Sqlite(file, { readonly: true, fileMustExist: true });
    try {
      return cache.prepare<[], number>('SELECT balance FROM accounts ORDER BY doc_id').pluck().all();
    } finally {
      cache.close();
    }
  };
  let isWatching = true;
  const watching = (async () => {
    while (isWatching) {
      const balances = read();
      const state = balances.join(' ');
      if (!seen.has(state) && balances.reduce((sum, balance) => sum + balance, 0) !== total) wrong.push(state);
      seen.add(state);
      await turn();
    }
  })();
  return {
    seen,
    wrong,
    read,
    async [Symbol.asyncDispose]() {
      isWatching = false;
      await watching;
    },
  };
}

async function isLevel(read: () => number[], collection: Collection<Account>): Promise<boolean> {
  const source = await collection.find().sort({ _id: 1 }).toArray();
  return read().join(' ') === source.map(({ balance }) => balance).join(' ');
}

test('readers never see a part of a transaction: live, during a refresh, and while a stopped engine catches up', async () => {
  const random = testRandom();
  await using stack = await createStack();
  const collection = stack.mongo.db('bank').collection<Account>('accounts');
  await collection.insertMany([0, 1, 2].map((_id) => ({ _id, balance: total / accounts })));
  {
    await using running = await stack.engine();
    await running.api.create(shape);
    await running.api.untilLive('accounts');
    await using watch = watchCache(stack);
    for (let count = 0; count < 100; count += 1) await transfer(stack.mongo, random);
    await running.api.request('POST', '/api/v1/entities/accounts/refresh', { body: {} });
    for (let count = 0; count < 100; count += 1) await transfer(stack.mongo, random);
    await running.api.untilLive('accounts');
    await eventually(async () => (await isLevel(watch.read, collection)) || null, 'the cache to be level');
    expect(watch.wrong).toEqual([]);
    expect(watch.seen.size).toBeGreaterThan(50);
  }
  for (let count = 0; count < 300; count += 1) await transfer(stack.mongo, random);
  await using watch = watchCache(stack);
  await using _running = await stack.engine();
  for (let count = 0; count < 50; count += 1) await transfer(stack.mongo, random);
  await eventually(async () => (await isLevel(watch.read, collection)) || null, 'the cache to be level');
  expect(watch.wrong).toEqual([]);
  expect(watch.seen.size).toBeGreaterThan(1);
});
