import { expect, test } from 'vitest';
import { openDatabase } from './database.ts';
import { listen } from './listen.ts';
import { createTestDatabase, runOnServer } from './testing.ts';
import { inTransaction } from './transaction.ts';

const cutAll =
  'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';

test('int8 is a checked number, in the pool and in its transactions', async () => {
  await using owned = await createTestDatabase();
  const database = openDatabase({ url: owned.url });
  const rows = await database.pool.query('SELECT 9::int8 AS nine, 10::int8 AS ten, 9007199254740991::int8 AS most');
  expect(rows.rows).toEqual([{ nine: 9, ten: 10, most: Number.MAX_SAFE_INTEGER }]);
  await expect(database.pool.query('SELECT 9007199254740992::int8')).rejects.toThrow('outside the range');
  await expect(database.pool.query('SELECT -9007199254740992::int8')).rejects.toThrow('outside the range');
  await database.close();
});

test('broken connections do not end the process, are reported, and are replaced', async () => {
  await using owned = await createTestDatabase();
  const reported: Error[] = [];
  const database = openDatabase({ url: owned.url, onIdleError: (error) => reported.push(error) });
  await database.ping();
  await runOnServer(owned.url, cutAll);
  await expect.poll(() => reported.length).toBeGreaterThan(0);
  await database.ping();
  await database.close();
});

test('a connection that breaks in a transaction is EMC-3001 and leaves no broken client in the pool', async () => {
  await using owned = await createTestDatabase();
  const database = openDatabase({ url: owned.url, connectionsMax: 1 });
  const cut = inTransaction(database.pool, async (client) => {
    await client.query('BEGIN');
    await runOnServer(owned.url, cutAll);
    await client.query('SELECT 1');
  });
  await expect(cut).rejects.toThrow('EMC-3001');
  await database.ping();
  await database.close();
});

test('two transactions that deadlock both succeed, because the one rolled back is retried', async () => {
  await using owned = await createTestDatabase();
  const database = openDatabase({ url: owned.url });
  await database.pool.query('CREATE TABLE pair AS SELECT n FROM generate_series(1, 2) AS n');
  let waiting = 0;
  const both = Promise.withResolvers<void>();
  const attempts: number[] = [];
  const cross = (first: number, second: number) =>
    inTransaction(database.pool, async (client) => {
      attempts.push(first);
      await client.query('BEGIN');
      await client.query('UPDATE pair SET n = n WHERE n = $1', [first]);
      waiting += 1;
      if (waiting === 2) both.resolve();
      await both.promise;
      await client.query('UPDATE pair SET n = n WHERE n = $1', [second]);
      await client.query('COMMIT');
    });
  await Promise.all([cross(1, 2), cross(2, 1)]);
  expect(attempts.length).toBe(3);
  await database.close();
});

test('any other query error is thrown unchanged and rolls the transaction back', async () => {
  await using owned = await createTestDatabase();
  const database = openDatabase({ url: owned.url, connectionsMax: 1 });
  const failing = inTransaction(database.pool, async (client) => {
    await client.query('BEGIN');
    await client.query('CREATE TABLE undone (n integer)');
    await client.query('SELECT 1/0');
  });
  await expect(failing).rejects.toThrow('division by zero');
  const found = await database.pool.query("SELECT to_regclass('undone') AS undone");
  expect(found.rows).toEqual([{ undone: null }]);
  await database.close();
});

test('notifications arrive for the notified channel, and the end of the connection is reported', async () => {
  await using owned = await createTestDatabase();
  const woken: string[] = [];
  const listening = await listen(owned.url, (channel) => woken.push(channel));
  await runOnServer(owned.url, 'NOTIFY emcachers_oplog');
  await expect.poll(() => woken).toEqual(['emcachers_oplog']);
  await runOnServer(owned.url, 'NOTIFY emcachers_control; NOTIFY something_else');
  await expect.poll(() => woken).toEqual(['emcachers_oplog', 'emcachers_control']);
  await runOnServer(owned.url, cutAll);
  await listening.ended;
  await listening[Symbol.asyncDispose]();
  await expect(listen('postgres://nobody@127.0.0.1:1/none', () => undefined)).rejects.toThrow('EMC-3001');
});
