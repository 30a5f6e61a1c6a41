import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { connectionConfig, leaderSessionName, schemaOf } from './connection-config.ts';
import { createEntity } from './control/entities.ts';
import { createEntityList } from './control/entity-list.ts';
import { openDatabase } from './database.ts';
import { openLeaderSessions } from './leader-sessions.ts';
import { openCandidacy } from './leadership.ts';
import { listen } from './listen.ts';
import { migrate } from './migrate.ts';
import { databaseUrl, runOnServer } from './testing.ts';

const shape = {
  entityName: 'orders',
  sourceName: 'shop.orders',
  columns: [{ name: 'n', type: 'Integer' as const, path: 'n' }],
};

async function emptyDatabase() {
  const { url } = inject('emcachersTestServer');
  const name = `emcachers_test_${randomUUID().replaceAll('-', '')}`;
  await runOnServer(url, `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'`);
  return {
    url: databaseUrl(url, name),
    [Symbol.asyncDispose]: () => runOnServer(url, `DROP DATABASE ${name} WITH (FORCE)`),
  };
}

async function tables(url: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const sql = `SELECT table_schema AS schema FROM information_schema.tables
                  WHERE table_schema !~ '^(pg_|information_schema)' GROUP BY 1 ORDER BY 1`;
    return (await client.query<{ schema: string }>(sql)).rows.map((row) => row.schema);
  } finally {
    await client.end();
  }
}

test('our own parameters are kept from the URL, and the options of the URL stay in force before ours', () => {
  const url =
    'postgres://me:p%40@db:5432/emc?sslmode=disable&application_name=x&options=-c%20jit%3Doff&schema=my%20app';
  expect(connectionConfig(url, { applicationName: 'emcachers', settings: ['enable_sort=off'] })).toEqual({
    connectionString: 'postgres://me:p%40@db:5432/emc?sslmode=disable',
    application_name: 'emcachers',
    options: String.raw`-c jit=off -c search_path="my\ app" -c enable_sort=off`,
  });
  expect(connectionConfig('postgres://db/emc', { applicationName: 'emcachers' })).toEqual({
    connectionString: 'postgres://db/emc',
    application_name: 'emcachers',
  });
  expect(schemaOf('postgres://db/emc?schema=')).toBeNull();
});

test.each(['app', 'My "own" schema\\'])(
  'with ?schema=%s everything lies in that schema and works there',
  async (schema) => {
    await using owned = await emptyDatabase();
    const url = `${owned.url}?schema=${encodeURIComponent(schema)}`;
    await migrate(url);
    expect(await migrate(url)).toEqual({ applied: [] });
    expect(await tables(owned.url)).toEqual([schema]);
    const database = openDatabase({ url });
    const woken = Promise.withResolvers<string>();
    const listening = await listen(url, woken.resolve);
    await createEntity(database, shape);
    expect(await woken.promise).toBe('emcachers_control');
    expect((await createEntityList(database)()).map((entity) => entity.entityName)).toEqual(['orders']);
    expect((await database.pagePool.query('SELECT count(*) AS n FROM oplog')).rows).toEqual([{ n: 0 }]);
    await using candidacy = await openCandidacy({ url, streamId: 1, nodeId: 'one', leaseMs: 2_500 });
    expect((await candidacy.stand())?.epoch).toBeGreaterThan(0);
    await listening[Symbol.asyncDispose]();
    await database.close();
  },
);

test('the leaders of two schemas of one database do not end the sessions of each other', async () => {
  await using owned = await emptyDatabase();
  const urls = [`${owned.url}?schema=first`, `${owned.url}?schema=second`, owned.url] as const;
  expect(new Set(urls.map(leaderSessionName)).size).toBe(3);
  for (const url of urls) await migrate(url);
  const first = openLeaderSessions({ url: urls[0], epoch: 0 });
  const held = await first.pool.connect();
  for (const url of urls.slice(1)) {
    await using candidacy = await openCandidacy({ url, streamId: 1, nodeId: 'two', leaseMs: 2_500 });
    expect((await candidacy.stand())?.earlier).toEqual({ ended: 0, refused: 0 });
  }
  expect((await held.query('SELECT 1 AS alive')).rows).toEqual([{ alive: 1 }]);
  held.release();
  await first.close();
});
