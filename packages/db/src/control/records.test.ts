import { expect, test } from 'vitest';
import { openDatabase } from '../database.ts';
import { createTestDatabase } from '../testing.ts';
import { createEntity } from './entities.ts';
import {
  claimJob,
  countActiveJobs,
  createJob,
  endJob,
  forgetJobs,
  getJob,
  listJobs,
  noteJob,
  requeueJobs,
} from './jobs.ts';
import { forgetNode, heartbeatNode, listNodes, listOffsets, type OffsetReport, reportOffsets } from './nodes.ts';
import {
  closeIncident,
  findAnswer,
  forgetAnswers,
  keepAnswer,
  listIncidents,
  openIncident,
  readMetadata,
  writeAudit,
} from './records.ts';

async function openTestDatabase() {
  const owned = await createTestDatabase();
  const database = openDatabase({ url: owned.url });
  const dispose = async () => {
    await database.close();
    await owned[Symbol.asyncDispose]();
  };
  return { ...database, [Symbol.asyncDispose]: dispose };
}

test('ten requests at once for the same work are one job', async () => {
  await using database = await openTestDatabase();
  const job = { kind: 'refresh' as const, entityName: 'orders', input: { allowLargeSweep: true } };
  const created = await Promise.all(Array.from({ length: 10 }, () => createJob(database, job)));
  expect(new Set(created.map((each) => each.jobId)).size).toBe(1);
  expect(created[0]).toMatchObject({ status: 'queued', input: { allowLargeSweep: true } });
  expect(await countActiveJobs(database)).toBe(1);
});

test('a job is claimed once, ends once, and then another may be made', async () => {
  await using database = await openTestDatabase();
  const { jobId } = await createJob(database, { kind: 'refresh', entityName: 'orders' });
  const claims = await Promise.all(['one', 'two', 'three'].map((nodeId) => claimJob(database, nodeId)));
  expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
  await noteJob(database, { jobId, message: 'scanning' });
  await endJob(database, { jobId, status: 'succeeded', message: 'done' });
  await endJob(database, { jobId, status: 'failed', message: 'late', errorCode: 'EMC-5999' });
  expect(await getJob(database, jobId)).toMatchObject({ status: 'succeeded', message: 'done', errorCode: null });
  const next = await createJob(database, { kind: 'refresh', entityName: 'orders' });
  expect((await listJobs(database, { entityName: 'orders', limit: 10 })).map((job) => job.jobId)).toEqual([
    next.jobId,
    jobId,
  ]);
  await expect(getJob(database, 'no-id')).rejects.toThrow('EMC-5005');
  expect(await forgetJobs(database, new Date(Date.now() + 60_000))).toBe(1);
});

test('jobs of a node that ended without a word wait again', async () => {
  await using database = await openTestDatabase();
  const { jobId } = await createJob(database, { kind: 'delete', entityName: 'orders' });
  await claimJob(database, 'one');
  expect(await requeueJobs(database, 'two')).toBe(0);
  expect(await requeueJobs(database, 'one')).toBe(1);
  expect(await claimJob(database, 'two')).toMatchObject({ jobId, nodeId: 'two' });
});

test('a node reports all its caches at once; reports of entities that are gone fall away', async () => {
  await using database = await openTestDatabase();
  const columns = [{ name: 'n', type: 'Integer' as const, path: 'n' }];
  const { id } = await createEntity(database, { entityName: 'orders', sourceName: 'shop.orders', columns });
  await heartbeatNode(database, { nodeId: 'one', roles: ['replicate', 'api'], host: 'here', started: true });
  const report: OffsetReport = {
    entityId: id,
    offset: 2 ** 40,
    documents: 5,
    fileBytes: null,
    generation: 7,
    published: true,
    state: 'level',
    appliedTotal: 12,
    lastAppliedAtMs: 1_700_000_000_123,
    sourceTimeMs: 1_700_000_000_001,
    errorCode: null,
    error: null,
    path: '/tmp/a "b"/db.sqlite',
  };
  await reportOffsets(database, { nodeId: 'one', reports: [report, { ...report, entityId: 999 }] });
  await reportOffsets(database, { nodeId: 'one', reports: [{ ...report, offset: null }] });
  expect(await listOffsets(database)).toMatchObject([{ ...report, offset: null, nodeId: 'one' }]);
  const [node] = await listNodes(database);
  expect(node).toMatchObject({ nodeId: 'one', roles: ['replicate', 'api'], host: 'here' });
  expect(node?.heartbeatAgeMs).toBeLessThan(60_000);
  await forgetNode(database, 'one');
  expect(await listOffsets(database)).toEqual([]);
});

test('the first answer to a key stays, until it expires', async () => {
  await using database = await openTestDatabase();
  const later = new Date(Date.now() + 60_000);
  const first = { key: 'k', requestHash: 'h', statusCode: 201, response: { a: [1] }, expiresAt: later };
  await keepAnswer(database, first);
  expect(await keepAnswer(database, { ...first, requestHash: 'other' })).toMatchObject({ requestHash: 'h' });
  expect(await findAnswer(database, 'k')).toMatchObject({ requestHash: 'h', statusCode: 201, response: { a: [1] } });
  const past = { ...first, key: 'old', expiresAt: new Date(Date.now() - 1_000) };
  await keepAnswer(database, past);
  expect(await findAnswer(database, 'old')).toBeNull();
  expect(await keepAnswer(database, { ...past, requestHash: 'new' })).toMatchObject({ requestHash: 'new' });
  expect(await forgetAnswers(database)).toBe(1);
});

test('an incident is open once for each subject and kind', async () => {
  await using database = await openTestDatabase();
  const incident = { subject: 'oplog', errorCode: 'EMC-3001', detail: 'away' };
  await openIncident(database, incident);
  await openIncident(database, incident);
  expect(await listIncidents(database, 10)).toHaveLength(1);
  await closeIncident(database, { subject: 'oplog', errorCode: 'EMC-3001' });
  await openIncident(database, incident);
  expect((await listIncidents(database, 10)).map((each) => each.closedAt === null)).toEqual([true, false]);
});

test('audit entries and metadata are kept as they were given', async () => {
  await using database = await openTestDatabase();
  await writeAudit(database, {
    actor: 'loopback',
    action: 'refresh',
    entityName: 'orders',
    detail: { allowLargeSweep: true },
    correlationId: 'c',
  });
  const rows = await database.pool.query('SELECT actor, action, entity_name, detail, correlation_id FROM audit');
  expect(rows.rows).toEqual([
    {
      actor: 'loopback',
      action: 'refresh',
      entity_name: 'orders',
      detail: { allowLargeSweep: true },
      correlation_id: 'c',
    },
  ]);
  expect(await readMetadata(database, 'generation')).toMatch(/^[0-9a-f-]{36}$/);
  expect(await readMetadata(database, 'unknown')).toBeUndefined();
});
