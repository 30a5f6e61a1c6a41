import { expect, test } from 'vitest';
import { readSafePlace } from '../compaction/safe-place.ts';
import { type Database, openDatabase } from '../database.ts';
import { createJobStore } from '../job/job-store.ts';
import { openLeaderSessions } from '../leader-sessions.ts';
import { openCandidacy } from '../leadership.ts';
import { beginAppend } from '../statements/begin-append.ts';
import { commitAppend } from '../statements/commit-append.ts';
import { readPromotionState } from '../statements/promotion-state.ts';
import { readPage } from '../statements/read-page.ts';
import { clearPosition, readPosition } from '../statements/read-position.ts';
import { findAppendedSince, readRereadStart } from '../statements/reread-documents.ts';
import { savePosition } from '../statements/save-position.ts';
import { checkTerm } from '../statements/term-check.ts';
import { createTestDatabase } from '../testing.ts';
import type { TransactionClient } from '../transaction.ts';
import { createEntities, createEntity } from './entities.ts';
import { dropEntities, markDeleting } from './entity-requests.ts';
import { listStreams } from './streams.ts';

const columns = [{ name: 'n', type: 'Integer' as const, path: 'n' }];

function create(database: Database, entityName: string, stream?: string) {
  const shape = { entityName, sourceName: `shop.${entityName}`, columns };
  return createEntity(database, stream === undefined ? shape : { ...shape, stream });
}

/** An entity of a stream, and a leader of that stream. */
async function openStream({ url, database }: { url: string; database: Database }, name: string, leaseMs = 60_000) {
  const entity = await create(database, `of_${name}`, name);
  const candidacy = await openCandidacy({ url, nodeId: name, streamId: entity.streamId, leaseMs });
  const lead = await candidacy.stand();
  if (lead === null) throw new Error('Another node leads a new stream.');
  const { epoch } = lead;
  const sessions = openLeaderSessions({ url, epoch });
  return {
    ...entity,
    epoch,
    lead,
    sessions,
    /** An appending transaction that has drawn an id and not committed. */
    async appendHalf(): Promise<TransactionClient> {
      const client = await sessions.pool.connect();
      await beginAppend(client, { epoch, entityIds: [entity.entityId], lock: 'share', appends: true });
      await client.query(
        `INSERT INTO oplog (entity_id, operation, doc_id, data, version, epoch) VALUES ($1, 'Upsert', 'a', '[]', 1, $2)`,
        [entity.entityId, epoch],
      );
      return client;
    },
    page: (afterId = 0) =>
      readPage(database.pagePool, {
        ...{ streamId: entity.streamId, entityIds: [entity.entityId] },
        ...{ afterId, limitRows: 10, limitBytes: 1 << 20 },
      }),
    async [Symbol.asyncDispose]() {
      sessions.abandon();
      await lead[Symbol.asyncDispose]();
      await candidacy[Symbol.asyncDispose]();
    },
  };
}

async function commit(client: TransactionClient, epoch: number): Promise<void> {
  await commitAppend(client, { epoch, appended: true, controlChanged: false });
  client.release();
}

async function inClient<Answer>(
  { sessions }: Awaited<ReturnType<typeof openStream>>,
  ask: (client: TransactionClient) => Promise<Answer>,
): Promise<Answer> {
  const client = await sessions.pool.connect();
  try {
    return await ask(client);
  } finally {
    client.release();
  }
}

async function openTest() {
  const owned = await createTestDatabase();
  const database = openDatabase({ url: owned.url });
  return {
    url: owned.url,
    database,
    async [Symbol.asyncDispose]() {
      await database.close();
      await owned[Symbol.asyncDispose]();
    },
  };
}

test('I3: a stream appends while a leader of another one is frozen between its ids and its commit, and no reader misses an entry', async () => {
  await using opened = await openTest();
  await using eu = await openStream(opened, 'eu');
  await using us = await openStream(opened, 'us');
  expect(us.epoch).not.toBe(eu.epoch);
  const frozen = await eu.appendHalf();
  await commit(await us.appendHalf(), us.epoch);
  const before = await eu.page();
  const there = await us.page();
  expect(there.entries.map(({ entityId }) => entityId)).toEqual([us.entityId]);
  // The frozen entry has the lower id: a reader of its stream must still be below it.
  expect([before.entries, before.head]).toEqual([[], 0]);
  await commit(frozen, eu.epoch);
  const after = await eu.page(before.head);
  expect(after.entries).toHaveLength(1);
  expect(after.entries[0]?.id).toBeLessThan(there.head);
  // Its head may be above another stream's ids, and is below its own next one.
  await commit(await eu.appendHalf(), eu.epoch);
  expect((await eu.page(after.head)).entries).toHaveLength(1);
  expect((await us.page()).head).toBe(there.head);
});

test('I9: a new leader of one stream ends the sessions of its own earlier leaders only', async () => {
  await using opened = await openTest();
  await using eu = await openStream(opened, 'eu');
  await using us = await openStream(opened, 'us', 1);
  const living = await eu.appendHalf();
  const frozen = await us.appendHalf();
  frozen.on('error', () => undefined);
  await using candidacy = await openCandidacy({ url: opened.url, nodeId: 'b', streamId: us.streamId, leaseMs: 60_000 });
  await using next = await candidacy.stand();
  expect(next).toMatchObject({ epoch: 3, earlier: { ended: 1, refused: 0 } });
  await expect(commitAppend(frozen, { epoch: us.epoch, appended: true, controlChanged: false })).rejects.toThrow();
  frozen.release(true);
  await commit(living, eu.epoch);
  expect((await eu.page()).entries).toHaveLength(1);
  await eu.lead.renew();
  expect(eu.lead.lost.aborted).toBe(false);
});

test('candidates of several streams at once get epochs of their own', async () => {
  await using opened = await openTest();
  const names = ['default', 'a', 'b', 'c', 'd', 'e'];
  const streamIds: number[] = [];
  for (const name of names) streamIds.push((await create(opened.database, `of_${name}`, name)).streamId);
  const request = { url: opened.url, nodeId: 'one', leaseMs: 60_000 };
  const candidacies = await Promise.all(streamIds.map((streamId) => openCandidacy({ ...request, streamId })));
  const untilElected = async (candidacy: (typeof candidacies)[number]) => {
    for (;;) {
      const lead = await candidacy.stand();
      if (lead !== null) return lead;
    }
  };
  const leads = await Promise.all(candidacies.map(untilElected));
  expect(new Set(leads.map(({ epoch }) => epoch)).size).toBe(names.length);
  for (const each of [...leads, ...candidacies]) await each[Symbol.asyncDispose]();
});

test('a leader has no target in another stream, and reads and moves only the position of its own', async () => {
  await using opened = await openTest();
  await using eu = await openStream(opened, 'eu');
  await using us = await openStream(opened, 'us');
  const client = await eu.sessions.pool.connect();
  const start = { epoch: eu.epoch, lock: 'share', appends: true } as const;
  expect(await beginAppend(client, { ...start, entityIds: [us.entityId] })).toEqual(new Map());
  await client.query('ROLLBACK');
  expect([...(await beginAppend(client, { ...start, entityIds: 'all' })).keys()]).toEqual([eu.entityId]);
  const position = { token: null, tokenData: null, clusterTime: 7n, pipelineHash: null, version: 1, passedTime: 7n };
  await savePosition(client, eu.epoch, position);
  await commit(client, eu.epoch);
  expect((await readPosition(opened.database.pool, eu.epoch)).position?.clusterTime).toBe(7n);
  expect((await readPosition(opened.database.pool, us.epoch)).position).toBeNull();
  expect([(await eu.page()).passedTime, (await us.page()).passedTime]).toEqual([7n, null]);
  await inClient(us, (session) => clearPosition(session, us.epoch, { errorCode: 'EMC-2003', reason: 'Lost.' }));
  expect((await readPosition(opened.database.pool, eu.epoch)).position?.clusterTime).toBe(7n);
});

test('I6: an entity has the head, the term and the position of its stream, not one of another stream that is ahead', async () => {
  await using opened = await openTest();
  const { pool } = opened.database;
  await using eu = await openStream(opened, 'eu');
  await using us = await openStream(opened, 'us');
  const { entityId, streamId } = eu;
  await pool.query('UPDATE entity SET scan_end_time = 8 WHERE id = $1', [entityId]);
  const frozen = await eu.appendHalf();
  const ahead = await us.appendHalf();
  await commit(ahead, us.epoch);
  await pool.query('UPDATE mongo_resume_token SET cluster_time = 9 WHERE stream_id <> $1', [streamId]);
  const start = await readRereadStart(pool, entityId);
  if (start === null) throw new Error('The entity is gone.');
  expect(start.head).toBe(0);
  expect(await readSafePlace(pool, { entityId, giveUpMs: 60_000 })).toEqual({ offset: 0, heldBy: null });
  expect(await inClient(eu, (client) => readPromotionState(client, entityId))).toMatchObject({ passed: false });
  await commit(frozen, eu.epoch);
  // The entry has a lower id than the other stream's, and is newer than what was read before it was committed.
  const appended = await inClient(eu, (client) => findAppendedSince(client, { ...start, docIds: ['a'] }));
  expect(appended).toEqual(new Set(['a']));
  const { termId, head: offset } = await eu.page();
  expect(termId).not.toBe((await us.page()).termId);
  expect(await checkTerm(pool, { streamId, termId, offset })).toEqual({ newestTermId: termId, continues: true });
});

test('the leader of a stream runs the jobs of its entities, also once the entity is gone', async () => {
  await using opened = await openTest();
  await using eu = await openStream(opened, 'eu');
  await using us = await openStream(opened, 'us');
  const all = createJobStore(opened.database);
  const [ofEu, ofUs] = [createJobStore(opened.database, eu.epoch), createJobStore(opened.database, us.epoch)];
  const { jobId } = await all.add({ kind: 'delete', entityName: 'OF_EU', input: {} });
  expect(await ofUs.claim(10)).toEqual([]);
  expect(await ofEu.claim(10)).toMatchObject([{ jobId }]);
  await markDeleting(opened.database, eu.entityId);
  await dropEntities(opened.database, [eu.entityId]);
  await ofUs.requeue();
  expect(await all.get(jobId)).toMatchObject({ status: 'running' });
  await ofEu.requeue();
  expect(await ofUs.claim(10)).toEqual([]);
  expect(await ofEu.claim(10)).toMatchObject([{ jobId }]);
});

test('a stream is led while it has entities or a job; the default one always is', async () => {
  await using opened = await openTest();
  const { database } = opened;
  const names = async () => (await listStreams(database)).map(({ streamName }) => streamName);
  expect(await names()).toEqual(['default']);
  const both = await Promise.all([create(database, 'first', 'eu'), create(database, 'second', 'eu')]);
  expect(new Set(both.map(({ streamId, streamName }) => `${streamId} ${streamName}`)).size).toBe(1);
  expect(await create(database, 'third')).toMatchObject({ streamId: 1, streamName: 'default' });
  expect(await names()).toEqual(['default', 'eu']);
  const jobs = createJobStore(database);
  const { jobId } = await jobs.add({ kind: 'delete', entityName: 'second', input: {} });
  for (const { entityId } of both) {
    await markDeleting(database, entityId);
    await dropEntities(database, [entityId]);
  }
  // Its leader has still to record that the deletion is complete.
  expect(await names()).toEqual(['default', 'eu']);
  await jobs.cancel(jobId, 'Cancelled.');
  expect(await names()).toEqual(['default']);
  expect(await create(database, 'first', 'eu')).toMatchObject({ streamId: both[0].streamId });
});

test('more than 32 streams are refused with the field at fault, and nothing is left of the entity', async () => {
  await using opened = await openTest();
  const { database } = opened;
  await database.pool.query(`INSERT INTO stream (name) SELECT 's' || i FROM generate_series(2, 32) AS i`);
  await expect(create(database, 'orders', 'one-more')).rejects.toMatchObject({
    code: 'EMC-5001',
    fields: [{ path: ['stream'] }],
  });
  expect(await create(database, 'orders')).toMatchObject({ streamName: 'default' });
});

test('entities of several streams are created together, and one that is refused brings no stream', async () => {
  await using opened = await openTest();
  const { database } = opened;
  await create(database, 'orders');
  const shape = { sourceName: 'shop.orders', columns };
  const created = await createEntities(database, [
    { ...shape, entityName: 'users', stream: 'us' },
    { ...shape, entityName: 'Orders', stream: 'eu' },
    { ...shape, entityName: 'carts' },
    { ...shape, entityName: 'items', stream: 'us' },
  ]);
  const answers = created.map((entity) => ('code' in entity ? entity.code : entity.streamName));
  expect(answers).toEqual(['us', 'EMC-5003', 'default', 'us']);
  const streams = await database.pool.query<{ name: string }>('SELECT name FROM stream ORDER BY id');
  expect(streams.rows.map(({ name }) => name)).toEqual(['default', 'us']);
});
