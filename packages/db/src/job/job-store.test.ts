import { expect, test } from 'vitest';
import { advisoryLocks, advisoryNamespace } from '../advisory-locks.ts';
import { openDatabase } from '../database.ts';
import { createTestDatabase } from '../testing.ts';
import { createJobStore } from './job-store.ts';

async function openTest() {
  const created = await createTestDatabase();
  const database = openDatabase({ url: created.url });
  return {
    ...database,
    jobs: createJobStore(database),
    async [Symbol.asyncDispose]() {
      await database.close();
      await created[Symbol.asyncDispose]();
    },
  };
}

const refresh = { kind: 'refresh', entityName: 'orders', input: { allowLargeSweep: false } } as const;

test('ten simultaneous requests for the same job create one job and one audit record', async () => {
  await using database = await openTest();
  const answers = await Promise.all(Array.from({ length: 10 }, () => database.jobs.add(refresh)));
  expect(new Set(answers.map(({ jobId }) => jobId)).size).toBe(1);
  expect(answers.filter(({ isNew }) => isNew)).toHaveLength(1);
  const audit = await database.pool.query('SELECT action FROM audit');
  expect(audit.rows).toEqual([{ action: 'refresh' }]);
});

test('a job goes from queued to running to its outcome; then another can be requested', async () => {
  await using database = await openTest();
  const { jobId } = await database.jobs.add({ ...refresh, input: { allowLargeSweep: true } });
  expect(await database.jobs.get(jobId)).toMatchObject({
    status: 'queued',
    startedAt: null,
    input: { allowLargeSweep: true },
  });
  expect(await database.jobs.claim(10)).toMatchObject([{ jobId, status: 'running', input: { allowLargeSweep: true } }]);
  expect(await database.jobs.claim(10)).toEqual([]);
  await database.jobs.finish(jobId, { status: 'succeeded', message: 'Scanned 3 documents.', errorCode: null });
  expect(await database.jobs.get(jobId)).toMatchObject({ status: 'succeeded', message: 'Scanned 3 documents.' });
  expect((await database.jobs.add(refresh)).isNew).toBe(true);
  expect(await database.jobs.list({ entityName: 'ORDERS', limit: 10 })).toHaveLength(2);
  expect(await database.jobs.list({ entityName: 'other', limit: 10 })).toEqual([]);
});

test('a job that a dead runner left running is requeued, which is no attempt of its own', async () => {
  await using database = await openTest();
  const { jobId } = await database.jobs.add(refresh);
  await database.jobs.claim(1);
  await database.jobs.requeue();
  expect(await database.jobs.claim(1)).toMatchObject([{ jobId, attempts: 1 }]);
  // As an earlier release left it, which did not count.
  await database.pool.query('UPDATE job SET attempts = 0');
  await database.jobs.requeue();
  expect(await database.jobs.claim(1)).toMatchObject([{ jobId, attempts: 1 }]);
});

test('I9: the runner of a term that has ended claims, requeues and ends no job', async () => {
  await using database = await openTest();
  await database.pool.query('UPDATE leader SET epoch = 2');
  await database.pool.query('INSERT INTO leader_term (epoch, stream_id, first_id) VALUES (2, 1, 1)');
  const deposed = createJobStore(database, 1);
  const leading = createJobStore(database, 2);
  const { jobId } = await database.jobs.add(refresh);
  await leading.requeue();
  // As a leader does that has lost its lease and has not noticed: the job would stay `running` and nobody would run it.
  await expect(deposed.claim(1)).rejects.toMatchObject({ code: 'EMC-3002' });
  expect(await leading.claim(1)).toMatchObject([{ jobId }]);
  await expect(deposed.requeue()).rejects.toMatchObject({ code: 'EMC-3002' });
  const outcome = { status: 'failed', message: 'The connection was lost.', errorCode: 'EMC-3001' } as const;
  await expect(deposed.finish(jobId, outcome)).rejects.toMatchObject({ code: 'EMC-3002' });
  expect(await database.jobs.get(jobId)).toMatchObject({ status: 'running' });
  await leading.finish(jobId, { status: 'succeeded', message: 'Scanned.', errorCode: null });
  expect(await database.jobs.get(jobId)).toMatchObject({ status: 'succeeded' });
});

test('a cancelled job stays cancelled, whatever its runner reports afterwards', async () => {
  await using database = await openTest();
  const { jobId } = await database.jobs.add(refresh);
  await database.jobs.claim(1);
  expect(await database.jobs.cancel(jobId, 'An operator cancelled it.')).toBe(true);
  expect(await database.jobs.cancelled([jobId])).toEqual([jobId]);
  await database.jobs.finish(jobId, { status: 'succeeded', message: 'Done.', errorCode: null });
  expect(await database.jobs.get(jobId)).toMatchObject({ status: 'cancelled', message: 'An operator cancelled it.' });
  expect(await database.jobs.cancel(jobId, 'again')).toBe(false);
});

test('a request whose connection breaks is EMC-3001, adds nothing, and can be repeated', async () => {
  await using database = await openTest();
  const { pool } = database;
  const holder = await pool.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT pg_advisory_xact_lock($1, $2)', [advisoryNamespace, advisoryLocks.jobs]);
  const refused = expect(database.jobs.add(refresh)).rejects.toMatchObject({ code: 'EMC-3001' });
  // The request waits for the lock; its connection ends there.
  const ended = async () => {
    const { rows } = await holder.query(
      `SELECT pg_terminate_backend(pid) FROM pg_locks
        WHERE locktype = 'advisory' AND NOT granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    return rows.length;
  };
  await expect.poll(ended).toBe(1);
  await refused;
  await holder.query('COMMIT');
  holder.release();
  expect(await database.jobs.list({ entityName: null, limit: 10 })).toEqual([]);
  expect((await database.jobs.add(refresh)).isNew).toBe(true);
});

test('the newest 10,000 records are kept, and every job that has not ended', async () => {
  await using database = await openTest();
  await database.pool.query(
    `INSERT INTO job (id, kind, entity_name, status, created_at, stream_id)
     SELECT gen_random_uuid(), 'refresh', 'e' || i, CASE i WHEN 1 THEN 'running' ELSE 'succeeded' END,
            now() - interval '1 day' + i * interval '1 second', 1
       FROM generate_series(1, 10002) AS i`,
  );
  await database.jobs.add(refresh);
  const kept = await database.jobs.list({ entityName: null, limit: 20_000 });
  expect(kept).toHaveLength(10_001);
  expect(kept[0]).toMatchObject({ entityName: 'orders', status: 'queued' });
  expect(kept.at(-1)).toMatchObject({ entityName: 'e1', status: 'running' });
  expect(kept.at(-2)).toMatchObject({ entityName: 'e4' });
});

test('a request that is carried out again gets the job that it has added before, even after the job has ended', async () => {
  await using database = await openTest();
  const asker = { actor: 'api', correlationId: 'first' } as const;
  const job = { kind: 'refresh', entityName: 'orders', input: {}, asker };
  const first = await database.jobs.add(job);
  await database.jobs.cancel(first.jobId, 'Cancelled.');
  expect(await database.jobs.add(job)).toEqual({ jobId: first.jobId, isNew: false });
  expect((await database.jobs.add({ ...job, asker: { ...asker, correlationId: 'second' } })).isNew).toBe(true);
});
