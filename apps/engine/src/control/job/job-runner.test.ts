import { EmcachersError } from '@emcachers/core/emcachers-error';
import { silentLog } from '@emcachers/core/log';
import { dropEntities, markDeleting } from '@emcachers/db/control/entity-requests';
import { reportOffsets } from '@emcachers/db/control/offset-reports';
import { writeHeartbeat } from '@emcachers/db/fleet/node-heartbeat';
import { createJobStore } from '@emcachers/db/job/job-store';
import { expect, test } from 'vitest';
import { createLeapingClock } from '../../../test/support/test-clock.ts';
import { openTestOplog } from '../../../test/support/test-oplog.ts';
import { deletion, scanToLive } from '../../../test/support/test-page.ts';
import { createLog } from '../../observability/log.ts';
import { createErasure } from '../../pipeline/oplog/erasure.ts';
import { systemClock } from '../../runtime/clock.ts';
import { Exclusive } from '../../runtime/exclusive.ts';
import { createEntityControl } from '../entity/entity-control.ts';
import { attemptJob } from './attempt-job.ts';
import type { DocumentWork } from './job-kind.ts';
import { createJobRunner } from './job-runner.ts';
import { jobRunnerDefaults } from './job-runner-options.ts';
import { createJobServer } from './job-server.ts';

const withoutMongo = (): Promise<never> => Promise.reject(new Error('These tests have no MongoDB.'));
const work: DocumentWork = {
  retryDeadLetters: withoutMongo,
  refreshDocuments: withoutMongo,
  findDocuments: withoutMongo,
  eraseFromOplog: withoutMongo,
};

/** The rest of a report of a cache. */
const unknown = {
  offset: null,
  documents: null,
  fileBytes: null,
  generation: 1,
  appliedTotal: 0,
  lastAppliedAtMs: null,
  sourceTimeMs: null,
  errorCode: null,
  error: null,
  path: null,
};

/** A job server and a running job runner on a database without ingest, so that a refresh runs until the test ends it. */
async function openTestJobs({
  faults = {},
  attemptsMax = 3,
}: {
  faults?: Partial<DocumentWork>;
  attemptsMax?: number;
} = {}) {
  const oplog = await openTestOplog();
  const store = createJobStore(oplog.database);
  const control = createEntityControl(oplog.database);
  const logLines: string[] = [];
  const log = createLog('info', { write: (line) => logLines.push(line) });
  const runner = createJobRunner(
    { store, control, ...work, ...faults, clock: systemClock, log, random: () => 0.5 },
    { ...jobRunnerDefaults, attemptsMax, backoff: { delayMsBase: 20, delayMsMax: 100 } },
  );
  const jobs = createJobServer({
    store,
    control,
    source: { checkFilter: withoutMongo, readDocuments: withoutMongo, operationTime: withoutMongo },
  });
  const stop = new AbortController();
  const ran = runner.run(stop.signal);
  return {
    oplog,
    database: oplog.database,
    store,
    control,
    jobs,
    logLines,
    /** Resolves once the job has this status. */
    async until(jobId: string, status: string) {
      await expect
        .poll(
          async () => {
            runner.wake();
            return (await jobs.get(jobId)).status;
          },
          { timeout: 20_000 },
        )
        .toBe(status);
      return jobs.get(jobId);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ran;
      await oplog[Symbol.asyncDispose]();
    },
  };
}

const refresh = { kind: 'refresh', entityName: 'orders', input: {} } as const;

test('a cancelled job stops and stays cancelled; cancelling it again changes nothing', async () => {
  await using opened = await openTestJobs();
  const { jobs, oplog } = opened;
  await oplog.create('orders');
  const { jobId } = await jobs.submit(refresh);
  await opened.until(jobId, 'running');
  const cancelled = await jobs.cancel(jobId);
  expect(cancelled).toMatchObject({
    status: 'cancelled',
    message: expect.stringContaining('Cancelled by an operator'),
  });
  // The runner has ended the job: its outcome is in the log, and it is not an unexpected error.
  await expect.poll(() => opened.logLines.join('')).toContain('Job finished.');
  expect(opened.logLines.join('')).not.toContain('Job failed with an unexpected error');
  expect(await jobs.cancel(jobId)).toEqual(cancelled);
});

test('an unknown job is EMC-5005, also for a cancellation', async () => {
  await using opened = await openTestJobs();
  const jobId = '00000000-0000-4000-8000-000000000000';
  await expect(opened.jobs.get(jobId)).rejects.toMatchObject({ code: 'EMC-5005' });
  await expect(opened.jobs.cancel(jobId)).rejects.toMatchObject({ code: 'EMC-5005' });
});

test('a refresh whose scan fails has the code and the reason of the scan', async () => {
  await using opened = await openTestJobs();
  const { jobs, oplog } = opened;
  await oplog.create('orders');
  const { jobId } = await jobs.submit(refresh);
  await opened.until(jobId, 'running');
  await expect.poll(async () => (await oplog.entity('orders')).version).toBe(2);
  const { entityId, runId } = await oplog.entity('orders');
  await oplog.writer.failScan({ entityId, runId, errorCode: 'EMC-2007', reason: 'shop.orders is a view.' });
  expect(await opened.until(jobId, 'failed')).toMatchObject({
    errorCode: 'EMC-2007',
    message: 'shop.orders is a view.',
  });
});

test('a refresh whose entity is deleted meanwhile fails with EMC-5002', async () => {
  await using opened = await openTestJobs();
  const { jobs, oplog, database } = opened;
  const { entityId } = await oplog.create('orders');
  const { jobId } = await jobs.submit(refresh);
  await opened.until(jobId, 'running');
  await expect.poll(async () => (await oplog.entity('orders')).version).toBe(2);
  await markDeleting(database, entityId);
  await dropEntities(database, [entityId]);
  expect(await opened.until(jobId, 'failed')).toMatchObject({
    errorCode: 'EMC-5002',
    message: 'orders was deleted during the refresh.',
  });
});

test('a deletion whose entity is already gone succeeds, because an earlier attempt dropped it; any other job fails', async () => {
  await using opened = await openTestJobs();
  const { store } = opened;
  const deletion = await store.add({ kind: 'delete', entityName: 'orders', input: {} });
  const other = await store.add({ kind: 'rebuild', entityName: 'orders', input: {} });
  expect(await opened.until(deletion.jobId, 'succeeded')).toMatchObject({ message: 'Deleted.' });
  expect(await opened.until(other.jobId, 'failed')).toMatchObject({ errorCode: 'EMC-5002' });
});

test('a record that its kind cannot read is EMC-5999, and the log has the error', async () => {
  await using opened = await openTestJobs();
  const { store, oplog } = opened;
  await oplog.create('orders');
  const { jobId } = await store.add({ ...refresh, input: { allowLargeSweep: 'perhaps' } });
  expect(await opened.until(jobId, 'failed')).toMatchObject({
    errorCode: 'EMC-5999',
    message: 'The job failed with an unexpected error. See the log.',
  });
  expect(opened.logLines.join('')).toMatch(/allowLargeSweep.*Job failed with an unexpected error/s);
});

test('a deletion waits ten seconds for a node that keeps its files, and then names the node', async () => {
  await using oplog = await openTestOplog();
  const { database } = oplog;
  await oplog.create('orders');
  const entityId = await scanToLive(oplog, 'orders', ['a']);
  await writeHeartbeat(database.pool, { nodeId: 'berlin', roles: ['replicate'], host: 'here', startedAtMs: 0 });
  const reports = [{ ...unknown, entityId, published: true, state: 'level' }];
  await reportOffsets(database, { nodeId: 'berlin', reports });
  const store = createJobStore(database);
  await store.add({ kind: 'delete', entityName: 'orders', input: {} });
  const [record] = await store.claim(1);
  if (record === undefined) throw new Error('No job was claimed.');
  const clock = createLeapingClock();
  const startMs = clock.monotonicMs();
  const control = createEntityControl(database);
  const { signal } = new AbortController();
  const outcome = await attemptJob({ store, control, ...work, clock, log: silentLog, record, signal });
  expect(outcome).toMatchObject({
    status: 'succeeded',
    message: 'Deleted; berlin will delete its files when it reconnects.',
  });
  expect(clock.monotonicMs() - startMs).toBeGreaterThanOrEqual(10_000);
  expect(await control.find('orders')).toBeNull();
});

test('an erasure that does not reach the cache of a node that reports fails with its name and state, and the audit keeps no ids', async () => {
  await using oplog = await openTestOplog();
  const { database, epoch } = oplog;
  await oplog.create('orders');
  const entityId = await scanToLive(oplog, 'orders', ['a']);
  await oplog.append(deletion(entityId, 'a'));
  await writeHeartbeat(database.pool, { nodeId: 'berlin', roles: ['replicate'], host: 'here', startedAtMs: 0 });
  const reports = [{ ...unknown, entityId, generations: 2, published: true, state: 'failed' }];
  await reportOffsets(database, { nodeId: 'berlin', reports });
  const store = createJobStore(database);
  const control = createEntityControl(database);
  const nothing = { documents: [], isComplete: true };
  const source = {
    checkFilter: withoutMongo,
    readDocuments: () => Promise.resolve(nothing),
    operationTime: () => Promise.resolve(0n),
  };
  await createJobServer({ store, control, source }).submit({
    kind: 'erase',
    entityName: 'orders',
    input: { ids: ['a'] },
  });
  const audit = await database.pool.query(`SELECT detail FROM audit WHERE action = 'erase'`);
  expect(audit.rows).toEqual([{ detail: { ids: 1 } }]);
  const [record] = await store.claim(1);
  if (record === undefined) throw new Error('No job was claimed.');
  const leaping = createLeapingClock();
  const clock = { ...leaping, sleep: async () => leaping.leap(60_000) };
  const erasing: DocumentWork = {
    ...work,
    findDocuments: () => Promise.resolve([]),
    refreshDocuments: () => Promise.resolve({ written: 0, gone: 0, refused: 0, changed: 0 }),
    eraseFromOplog: createErasure({ database, epoch, upkeep: new Exclusive() }),
  };
  const { signal } = new AbortController();
  expect(await attemptJob({ store, control, ...erasing, clock, log: silentLog, record, signal })).toMatchObject({
    status: 'failed',
    errorCode: 'EMC-5014',
    message: expect.stringMatching(
      /^Erased 1 document\. PostgreSQL: removed 1 entry.*on berlin \(failed, files of 2 generations\)/,
    ),
  });
});

test('two discards of different dead letters are two jobs, and a repeated one is the same job', async () => {
  await using opened = await openTestJobs();
  const { jobs, oplog } = opened;
  const { entityId } = await oplog.create('orders');
  await oplog.scanToLive('orders', []);
  const letter = { entityId, errorCode: 'EMC-6001', reason: 'not BSON', raw: null, documentKey: null, attempts: 1 };
  const deadLetters = ['a', 'b', 'c'].map((docId) => ({ ...letter, docId }));
  await oplog.writer.append({ items: [], deadLetters, columnCounts: [], position: null });
  const discard = (docIds: string[]) =>
    opened.store.add({ kind: 'discard', entityName: 'orders', input: { docIds }, isPerInput: true });
  const [first, again, second] = [await discard(['a']), await discard(['a']), await discard(['b'])];
  expect([again.jobId === first.jobId, second.jobId === first.jobId]).toEqual([true, false]);
  expect(await opened.until(first.jobId, 'succeeded')).toMatchObject({ message: 'Discarded 1 dead letter.' });
  await opened.until(second.jobId, 'succeeded');
  expect((await oplog.entity('orders')).deadLetters).toBe(1);
  const { jobId } = await jobs.submit({ kind: 'discard', entityName: 'orders', input: {} });
  await opened.until(jobId, 'succeeded');
  expect((await oplog.entity('orders')).deadLetters).toBe(0);
  const audit = await opened.database.pool.query(`SELECT detail FROM audit WHERE action = 'discard' ORDER BY id`);
  expect(audit.rows).toEqual([{ detail: { docIds: ['a'] } }, { detail: { docIds: ['b'] } }, { detail: {} }]);
});

/** Fails so often, then succeeds; each with its own error. */
function failing(...errors: readonly Error[]) {
  const left = [...errors];
  let calls = 0;
  const retryDeadLetters: DocumentWork['retryDeadLetters'] = async () => {
    calls += 1;
    const error = left.shift();
    if (error !== undefined) throw error;
    return { total: 0, copied: 0, gone: 0, refused: 0, changed: 0, unreadable: 0 };
  };
  return { faults: { retryDeadLetters }, calls: () => calls };
}

const away = () => new EmcachersError({ code: 'EMC-2001', detail: 'MongoDB does not answer.' });
const retry = { kind: 'retry', entityName: 'orders', input: {} } as const;

test('a job that fails by a fault that passes is tried again until it succeeds', async () => {
  const fault = failing(away(), new Error('An unexpected fault.'));
  await using opened = await openTestJobs({ faults: fault.faults });
  await opened.oplog.create('orders');
  await opened.oplog.scanToLive('orders', ['d1']);
  const { jobId } = await opened.jobs.submit(retry);
  expect(await opened.until(jobId, 'succeeded')).toMatchObject({ attempts: 3, retryAt: null, errorCode: null });
  expect(fault.calls()).toBe(3);
  const log = opened.logLines.map((line) => JSON.parse(line));
  expect(log.filter(({ msg }) => msg === 'Job failed and is tried again.')).toMatchObject([
    { jobId, errorCode: 'EMC-2001', delayMs: 10 },
    { jobId, errorCode: 'EMC-5999', delayMs: 20 },
  ]);
});

test('a job that has had all its attempts has failed, with the last error', async () => {
  const fault = failing(away(), away(), away(), away());
  await using opened = await openTestJobs({ faults: fault.faults });
  await opened.oplog.create('orders');
  await opened.oplog.scanToLive('orders', ['d1']);
  const { jobId } = await opened.jobs.submit(retry);
  expect(await opened.until(jobId, 'failed')).toMatchObject({
    ...{ attempts: 3, errorCode: 'EMC-2001', message: 'MongoDB does not answer.' },
  });
  expect(fault.calls()).toBe(3);
});

test('a job that fails for a reason that lasts is not tried again', async () => {
  const fault = failing(new EmcachersError({ code: 'EMC-2007', detail: 'shop.orders is a view.' }));
  await using opened = await openTestJobs({ faults: fault.faults });
  await opened.oplog.create('orders');
  await opened.oplog.scanToLive('orders', ['d1']);
  const { jobId } = await opened.jobs.submit(retry);
  expect(await opened.until(jobId, 'failed')).toMatchObject({ attempts: 1, errorCode: 'EMC-2007' });
  expect(fault.calls()).toBe(1);
});

test('a job that waits for its next attempt says so, is not begun before, and can be cancelled', async () => {
  await using opened = await openTestJobs();
  await opened.oplog.create('orders');
  await opened.oplog.scanToLive('orders', ['d1']);
  const { jobId } = await opened.store.add(retry);
  await opened.oplog.database.pool.query(`UPDATE job SET status = 'running', attempts = 1 WHERE id = $1`, [jobId]);
  await opened.store.postpone(jobId, { message: 'MongoDB is away.', errorCode: 'EMC-2001', delayMs: 3_600_000 });
  const other = await opened.jobs.submit({ kind: 'pause', entityName: 'orders', input: {} });
  await opened.until(other.jobId, 'succeeded');
  expect(await opened.jobs.get(jobId)).toMatchObject({
    ...{ status: 'queued', message: 'MongoDB is away.', errorCode: 'EMC-2001', attempts: 1 },
    retryAt: expect.any(String),
  });
  expect(await opened.jobs.cancel(jobId)).toMatchObject({ status: 'cancelled', retryAt: null });
});
