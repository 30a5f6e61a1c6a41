import { type ClientSession, MongoClient } from 'mongodb';
import { expect, test } from 'vitest';
import { UserTable } from './authentication/user-table.ts';
import { createSystemClock } from './clock.ts';
import { createListener, createProcess, openRuntime } from './runtime.ts';
import type { ServerState } from './server-state.ts';
import { LockTable } from './storage/lock-table.ts';
import { openStore } from './storage/store.ts';

interface RunningState extends AsyncDisposable {
  readonly state: ServerState;
  readonly url: string;
}

async function runningState(): Promise<RunningState> {
  const clock = createSystemClock();
  const users = new UserTable([]);
  const process = createProcess(clock, users);
  const data = { store: openStore({ path: null, clock, historyBytesMax: 2 ** 30 }), locks: new LockTable() };
  const runtime = openRuntime({ clock, users, process, data, path: null, member: null });
  const { dispatcher, state } = runtime;
  const listener = createListener(
    process,
    async (request, connection, signal) => dispatcher.handle({ request, connection, gone: signal }),
    null,
  );
  const port = await listener.listen('127.0.0.1', 0);
  return {
    state,
    url: `mongodb://127.0.0.1:${port}/?replicaSet=rs0`,
    [Symbol.asyncDispose]: async () => {
      runtime.endCalls();
      await listener.close();
      runtime.close();
    },
  };
}

/** Everything that the server keeps in memory for its clients. */
function kept({ counters, cursors, locks, sessions, store }: ServerState): Record<string, number> {
  const collections = store.catalog.databases().flatMap((name) => store.catalog.collections(name));
  return {
    connections: counters.connectionsCurrent,
    cursors: cursors.counts.open,
    sessions: sessions.counts.sessions,
    transactions: sessions.counts.open,
    locks: collections.reduce((sum, collection) => sum + locks.owners(collection).size, 0),
    versionBytes: store.versions.bytes,
  };
}

/** Transactions, cursors and streams, some of them left open. */
async function useEverything(client: MongoClient): Promise<void> {
  const items = client.db('shop').collection('items');
  await items.insertMany(Array.from({ length: 500 }, (_, n) => ({ n })));
  await items.find({}, { batchSize: 2 }).next();
  const stream = items.watch();
  await stream.tryNext();
  const ends: ((session: ClientSession) => Promise<unknown>)[] = [
    async (session) => session.commitTransaction(),
    async (session) => session.abortTransaction(),
    async () => undefined,
  ];
  for (const [value, end] of ends.entries()) {
    const session = client.startSession();
    session.startTransaction();
    await items.updateOne({ n: value }, { $set: { value } }, { session });
    await items.find({}, { session, batchSize: 2 }).next();
    await end(session);
  }
  await items.updateOne({ n: 100 }, { $set: { value: 100 } });
}

test('a client that is closed leaves nothing in memory', async () => {
  await using running = await runningState();
  const client = await MongoClient.connect(running.url);
  await useEverything(client);
  expect(kept(running.state)['transactions']).toBe(1);
  await client.close();
  await expect
    .poll(() => kept(running.state), { timeout: 10_000 })
    .toEqual({ connections: 0, cursors: 0, sessions: 0, transactions: 0, locks: 0, versionBytes: 0 });
});

test('killAllSessions leaves only what its own connections need', async () => {
  await using running = await runningState();
  await using client = await MongoClient.connect(running.url);
  await useEverything(client);
  await client.db('admin').command({ killAllSessions: [] });
  const { connections, ...rest } = kept(running.state);
  expect(connections).toBeGreaterThan(0);
  // The session of the command itself may be noted after it.
  expect(rest).toMatchObject({ cursors: 0, transactions: 0, locks: 0, versionBytes: 0 });
  expect(rest['sessions']).toBeLessThan(2);
});
