import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { expect, test } from 'vitest';
import { createEntity } from './control/entities.ts';
import { openDatabase } from './database.ts';
import { openLeaderSessions } from './leader-sessions.ts';
import { openCandidacy } from './leadership.ts';
import { beginAppend } from './statements/begin-append.ts';
import { commitAppend } from './statements/commit-append.ts';
import { createTestDatabase, runOnServer } from './testing.ts';

const shape = {
  entityName: 'orders',
  sourceName: 'shop.orders',
  columns: [{ name: 'n', type: 'Integer' as const, path: 'n' }],
};

/** A database with an entity, and a leader of epoch 1 whose lease ends after `leaseMs`. */
async function openLed(leaseMs: number) {
  const owned = await createTestDatabase();
  const database = openDatabase({ url: owned.url });
  const { entityId } = await createEntity(database, shape);
  const candidacy = await openCandidacy({ url: owned.url, streamId: 1, nodeId: 'one', leaseMs });
  const lead = await candidacy.stand();
  if (lead === null) throw new Error('Another node leads in a new database.');
  const sessions = openLeaderSessions({ url: owned.url, epoch: lead.epoch });
  return {
    url: owned.url,
    database,
    entityId,
    lead,
    sessions,
    async [Symbol.asyncDispose]() {
      sessions.abandon();
      await lead[Symbol.asyncDispose]();
      await candidacy[Symbol.asyncDispose]();
      await database.close();
      await owned[Symbol.asyncDispose]();
    },
  };
}

/** An appending transaction that has locked all it needs and written, as a leader leaves it that freezes there. */
async function appendHalf(led: Awaited<ReturnType<typeof openLed>>) {
  const client = await led.sessions.pool.connect();
  client.on('error', () => undefined);
  const { epoch } = led.lead;
  await beginAppend(client, { epoch, entityIds: [led.entityId], lock: 'update', appends: true });
  await insert(client, led, epoch);
  return client;
}

async function insert(client: pg.PoolClient, { entityId }: { entityId: number }, epoch: number): Promise<void> {
  await client.query(
    `INSERT INTO oplog (entity_id, operation, doc_id, data, version, epoch) VALUES ($1, 'Upsert', 'a', '[]', 1, $2)`,
    [entityId, epoch],
  );
}

/** Appends one entry under an epoch, as the next leader does first. */
async function appendOne(url: string, led: { entityId: number }, epoch: number): Promise<void> {
  const sessions = openLeaderSessions({ url, epoch });
  const client = await sessions.pool.connect();
  await beginAppend(client, { epoch, entityIds: [led.entityId], lock: 'update', appends: true });
  await insert(client, led, epoch);
  await commitAppend(client, { epoch, appended: true, controlChanged: false });
  client.release();
  await sessions.close();
}

async function epochsOf(led: Awaited<ReturnType<typeof openLed>>): Promise<number[]> {
  const entries = await led.database.pool.query<{ epoch: number }>('SELECT epoch FROM oplog ORDER BY id');
  return entries.rows.map((row) => row.epoch);
}

async function untilLeader(candidacy: Awaited<ReturnType<typeof openCandidacy>>) {
  return expect.poll(async () => candidacy.stand(), { interval: 20, timeout: 20_000 }).not.toBeNull();
}

test('I9: a leader frozen inside a transaction is replaced when its lease ends, and commits nothing afterwards', async () => {
  await using led = await openLed(300);
  const frozen = await appendHalf(led);
  await using candidacy = await openCandidacy({ url: led.url, streamId: 1, nodeId: 'two', leaseMs: 60_000 });
  const startMs = performance.now();
  let next = await candidacy.stand();
  while (next === null) next = await candidacy.stand();
  await using second = next;
  await appendOne(led.url, led, second.epoch);
  expect(performance.now() - startMs).toBeLessThan(5_000);
  expect(second).toMatchObject({ epoch: 2, earlier: { ended: 1, refused: 0 } });
  const { epoch } = led.lead;
  await expect(commitAppend(frozen, { epoch, appended: true, controlChanged: false })).rejects.toThrow();
  frozen.release(true);
  expect(await epochsOf(led)).toEqual([2]);
  await led.lead.renew();
  expect(led.lead.lost.aborted).toBe(true);
});

test('I9: without the right to end sessions, the next leader takes its epoch at once and the frozen one cannot commit', async () => {
  await using led = await openLed(300);
  const role = `weak_${randomUUID().replaceAll('-', '')}`;
  await runOnServer(
    led.url,
    `CREATE ROLE ${role} LOGIN PASSWORD 'weak'; GRANT ALL ON ALL TABLES IN SCHEMA public TO ${role};
     GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO ${role}`,
  );
  const weakUrl = new URL(led.url);
  weakUrl.username = role;
  weakUrl.password = 'weak';
  try {
    const frozen = await appendHalf(led);
    const candidacy = await openCandidacy({ url: weakUrl.href, streamId: 1, nodeId: 'two', leaseMs: 60_000 });
    const startMs = performance.now();
    let next = await candidacy.stand();
    while (next === null) next = await candidacy.stand();
    expect(performance.now() - startMs).toBeLessThan(5_000);
    expect(next.earlier).toEqual({ ended: 0, refused: 1 });
    const { epoch } = led.lead;
    await expect(commitAppend(frozen, { epoch, appended: true, controlChanged: false })).rejects.toMatchObject({
      code: 'EM002',
    });
    frozen.release(true);
    await appendOne(weakUrl.href, led, next.epoch);
    expect(await epochsOf(led)).toEqual([2]);
    await next[Symbol.asyncDispose]();
    await candidacy[Symbol.asyncDispose]();
  } finally {
    await runOnServer(led.url, `DROP OWNED BY ${role}; DROP ROLE ${role}`);
  }
});

test('a renewed lease outlives its length; an unrenewed one ends', async () => {
  await using led = await openLed(3_000);
  await using candidacy = await openCandidacy({ url: led.url, streamId: 1, nodeId: 'two', leaseMs: 60_000 });
  const endMs = performance.now() + 4_000;
  while (performance.now() < endMs) {
    await led.lead.renew();
    expect(await candidacy.stand()).toBeNull();
  }
  expect(led.lead.lost.aborted).toBe(false);
  await untilLeader(candidacy);
});

test.each([
  ['its session ends', `SELECT pg_terminate_backend(session_pid) FROM leader`],
  ['the server clock is set back', `UPDATE leader SET renewed_at = now() + interval '1 hour'`],
])('a lease of a minute ends at once when %s', async (_reason, sql) => {
  await using led = await openLed(60_000);
  await using candidacy = await openCandidacy({ url: led.url, streamId: 1, nodeId: 'two', leaseMs: 60_000 });
  expect(await candidacy.stand()).toBeNull();
  await runOnServer(led.url, sql);
  await untilLeader(candidacy);
});

test('of many candidates for an expired lease exactly one leads', async () => {
  await using led = await openLed(1);
  const request = { url: led.url, leaseMs: 60_000 };
  const candidacies = await Promise.all(
    Array.from({ length: 8 }, (_, index) => openCandidacy({ ...request, streamId: 1, nodeId: `node ${index}` })),
  );
  const leads = await Promise.all(candidacies.map((each) => each.stand()));
  expect(leads.filter((lead) => lead !== null).map(({ epoch }) => epoch)).toEqual([2]);
  for (const each of candidacies) await each[Symbol.asyncDispose]();
});

test('abandoned sessions fail running statements at once and refuse new ones', async () => {
  await using led = await openLed(60_000);
  const sleeping = led.sessions.pool.query('SELECT pg_sleep(60)');
  await expect
    .poll(async () => {
      const sql = `SELECT 1 FROM pg_stat_activity WHERE application_name = 'emcachers leader 1' AND state = 'active'`;
      return (await led.database.pool.query(sql)).rowCount;
    })
    .toBe(1);
  led.sessions.abandon();
  await expect(sleeping).rejects.toThrow(/Connection terminated/);
  await expect(led.sessions.pool.query('SELECT 1')).rejects.toThrow(/Connection terminated/);
});
