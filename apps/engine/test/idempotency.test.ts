import path from 'node:path';
import { type Database, openDatabase } from '@emcachers/db/database';
import { expect, test } from 'vitest';
import { type ApiClient, eventually } from './support/api-client.ts';
import { type EngineProcess, startEngineProcess } from './support/engine-process.ts';
import { orderShape } from './support/shop.ts';
import { createStack, type Stack } from './support/stack.ts';

const shape = orderShape('orders');

interface Sent {
  readonly status: number;
  readonly isReplay: boolean;
  readonly text: string;
}

async function send(api: ApiClient, key: string, [method, route, body]: [string, string, unknown?]): Promise<Sent> {
  const answer = await api.request(method, `/api/v1${route}`, { body, headers: { 'idempotency-key': key } });
  const isReplay = answer.headers.get('idempotency-replayed') === 'true';
  return { status: answer.status, isReplay, text: await answer.text() };
}

const create = (api: ApiClient, key: string, body: unknown = shape) => send(api, key, ['POST', '/entities', body]);

function startProcess(stack: Stack, nodeId: string): EngineProcess {
  const settings = { EMCACHERS_NODE_ID: nodeId, EMCACHERS_DATA_DIR: path.join(stack.dataDir, nodeId) };
  return startEngineProcess(stack.environment(settings));
}

function open(stack: Stack): Database & AsyncDisposable {
  const database = openDatabase({ url: stack.databaseUrl, connectionsMax: 2 });
  return { ...database, [Symbol.asyncDispose]: () => database.close() };
}

async function countOf({ pool }: Database, sql: string): Promise<number> {
  return Number((await pool.query<{ count: number }>(`SELECT count(*) FROM ${sql}`)).rows[0]?.count);
}

/** Holds statements that change the table until it is released. */
async function lockTable({ pool }: Database, table: string): Promise<() => Promise<void>> {
  const client = await pool.connect();
  await client.query(`BEGIN; LOCK TABLE ${table} IN SHARE MODE`);
  return async () => {
    await client.query('COMMIT');
    client.release();
  };
}

const blockedSql = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;

/** Until a statement of the engine waits for a lock, so that what comes before it has happened. */
async function untilBlocked({ pool }: Database): Promise<void> {
  await eventually(async () => {
    const waiting = await pool.query(blockedSql);
    return waiting.rowCount === 0 ? null : true;
  }, 'a statement to wait for the lock');
}

test('a hundred equal requests at once over two engine processes have one effect and the same answer', async () => {
  await using stack = await createStack();
  await using database = open(stack);
  await using one = startProcess(stack, 'one');
  await using two = startProcess(stack, 'two');
  const apis = [await one.ready, await two.ready];
  const hundred = (call: (api: ApiClient) => Promise<Sent>): Promise<Sent[]> =>
    Promise.all(Array.from({ length: 50 }, () => apis.map(call)).flat());

  const created = await hundred((api) => create(api, 'create'));
  expect(new Set(created.map(({ status }) => status))).toEqual(new Set([201]));
  expect(new Set(created.map(({ text }) => text)).size).toBe(1);
  expect(created.filter(({ isReplay }) => !isReplay)).toHaveLength(1);
  expect(await countOf(database, `audit WHERE action = 'create'`)).toBe(1);

  const refreshed = await hundred((api) => send(api, 'refresh', ['POST', '/entities/orders/refresh']));
  expect(new Set(refreshed.map(({ status }) => status))).toEqual(new Set([202]));
  expect(new Set(refreshed.map(({ text }) => text)).size).toBe(1);
  expect(await countOf(database, `job WHERE kind = 'refresh'`)).toBe(1);
  const { jobId } = JSON.parse(refreshed[0]?.text ?? '') as { jobId: string };
  await eventually(async () => {
    const job = (await (await apis[0]?.request('GET', `/api/v1/jobs/${jobId}`))?.json()) as { status: string };
    return job.status === 'succeeded' ? true : null;
  }, 'the refresh');
  const later = await hundred((api) => send(api, 'refresh', ['POST', '/entities/orders/refresh']));
  expect(new Set(later.map(({ text }) => text))).toEqual(new Set(refreshed.map(({ text }) => text)));
  expect(await countOf(database, `job WHERE kind = 'refresh'`)).toBe(1);
});

test('a repeated request gets the stored answer, also after the entity was deleted, and creates nothing', async () => {
  await using stack = await createStack();
  await using running = await stack.engine();
  const first = await create(running.api, 'k');
  const removed = await send(running.api, 'd', ['DELETE', '/entities/orders']);
  await running.api.finished(new Response(removed.text, { status: removed.status }));
  expect(await create(running.api, 'k')).toEqual({ ...first, isReplay: true });
  expect(await send(running.api, 'd', ['DELETE', '/entities/orders'])).toEqual({ ...removed, isReplay: true });
  expect((await running.api.request('GET', '/api/v1/entities/orders')).status).toBe(404);
});

test('while the first request runs, an equal one is told so, and a different one is refused', async () => {
  await using stack = await createStack();
  await using database = open(stack);
  await using running = await stack.engine();
  const release = await lockTable(database, 'entity');
  const first = create(running.api, 'k');
  await untilBlocked(database);
  const other = await create(running.api, 'k', { ...shape, entityName: 'other' });
  expect([other.status, other.text]).toEqual([422, expect.stringContaining('EMC-5010')]);
  const equal = await create(running.api, 'k');
  expect([equal.status, equal.text]).toEqual([409, expect.stringContaining('EMC-7014')]);
  await release();
  expect((await first).status).toBe(201);
  expect(await create(running.api, 'k')).toEqual({ ...(await first), isReplay: true });
});

test('a key belongs to one route and body, over REST and over tRPC', async () => {
  await using stack = await createStack();
  await using running = await stack.engine();
  await running.api.create(shape);
  const pause = () => send(running.api, 'k', ['POST', '/entities/orders/pause']);
  const call = (procedure: string) =>
    running.api.request('POST', `/trpc/${procedure}`, {
      body: { entityName: 'orders' },
      headers: { 'idempotency-key': 'k' },
    });
  const first = await pause();
  expect(first.status).toBe(202);
  expect(await (await call('entities.pause')).json()).toEqual({ result: { data: JSON.parse(first.text) } });
  expect((await send(running.api, 'k', ['POST', '/entities/orders/refresh'])).status).toBe(422);
  expect((await call('entities.refresh')).status).toBe(422);
});

test('a refused request leaves its key free, and a key is forgotten after a day', async () => {
  await using stack = await createStack();
  await using database = open(stack);
  await using running = await stack.engine();
  expect((await send(running.api, 'k', ['POST', '/entities/none/refresh'])).status).toBe(404);
  expect((await create(running.api, 'k')).status).toBe(201);
  await database.pool.query(`UPDATE idempotency_key SET expires_at = now() - interval '1 second'`);
  expect((await create(running.api, 'k', { ...shape, entityName: 'other' })).status).toBe(201);
});

test('what is empty, too long or not printable is no key', async () => {
  await using stack = await createStack();
  await using running = await stack.engine();
  for (const key of ['', 'a b', 'ä', 'a'.repeat(256)])
    for (const pathname of ['/api/v1/entities', '/trpc/entities.create']) {
      const headers = { 'idempotency-key': key };
      const answer = await running.api.request('POST', pathname, { body: shape, headers });
      expect([answer.status, await answer.text()]).toEqual([400, expect.stringContaining('Idempotency-Key')]);
    }
});

test.each([
  ['an entity', ['POST', '/entities', shape], `audit WHERE action = 'create' AND entity_name = 'orders'`],
  ['a job', ['POST', '/entities/kept/refresh'], `job WHERE kind = 'refresh'`],
] as [string, [string, string, unknown?], string][])(
  'an engine that is killed between the effect and the answer leaves one effect, which the next attempt finds: %s',
  async (_name, call, effects) => {
    await using stack = await createStack();
    await using database = open(stack);
    await using one = startProcess(stack, 'one');
    const api = await one.ready;
    await api.create(orderShape('kept'));
    // The key is taken first; then the effect waits; then, once the effect is let go, the answer waits.
    const releaseEffect = await lockTable(database, 'audit');
    const lost = send(api, 'k', call).catch(() => null);
    await untilBlocked(database);
    const releaseAnswer = await lockTable(database, 'idempotency_key');
    await releaseEffect();
    await eventually(async () => ((await countOf(database, effects)) === 1 ? true : null), 'the effect');
    await untilBlocked(database);
    one.child.kill('SIGKILL');
    // PostgreSQL would carry out the statement of a client that is gone.
    await database.pool.query(`SELECT pg_terminate_backend(pid) FROM (${blockedSql}) blocked`);
    await lost;
    await one.ended;
    await releaseAnswer();
    await database.pool.query('UPDATE idempotency_key SET running_until = now() WHERE running_until IS NOT NULL');
    await using two = startProcess(stack, 'two');
    const again = await send(await two.ready, 'k', call);
    expect([again.status < 300, again.isReplay]).toEqual([true, false]);
    expect(await countOf(database, effects)).toBe(1);
    expect(await send(await two.ready, 'k', call)).toEqual({ ...again, isReplay: true });
  },
);
