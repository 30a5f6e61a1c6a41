import { afterAll, expect, test } from 'vitest';
import { createEntity, findEntity } from './control/entities.ts';
import { createEntityList } from './control/entity-list.ts';
import {
  dropEntities,
  listDeleting,
  markDeleting,
  requestRebuild,
  requestRefresh,
  setPaused,
} from './control/entity-requests.ts';
import { keepIncidents, pruneIncidents } from './control/incident-keeping.ts';
import { acknowledgeIncident, readIncidents } from './control/incidents.ts';
import { listOffsets, reportOffsets } from './control/offset-reports.ts';
import { openDatabase } from './database.ts';
import { writeCaptureReport } from './fleet/capture-report.ts';
import { forgetNode, forgetSilentNodes } from './fleet/forget-node.ts';
import { forgetOtherOffsets } from './fleet/forget-offsets.ts';
import { writeHeartbeat, writeSignOff } from './fleet/node-heartbeat.ts';
import { readDeadLetters } from './fleet/read-dead-letters.ts';
import { createFleetReader, readFleetOf } from './fleet/read-fleet.ts';
import { createIdempotencyStore } from './job/idempotency-store.ts';
import { createJobStore } from './job/job-store.ts';
import { openCandidacy } from './leadership.ts';

/** Nothing listens on port 1 of this machine. */
const url = 'postgres://app:hunter2@127.0.0.1:1/none';
const database = openDatabase({ url });
const { pool } = database;
const jobs = createJobStore(database);
const attempt = { key: 'key', requestHash: 'a', attemptId: '00000000-0000-4000-8000-000000000000', correlationId: 'a' };
const idempotency = createIdempotencyStore(database);
afterAll(() => database.close());

const shape = {
  entityName: 'orders',
  sourceName: 'shop.orders',
  columns: [{ name: 'n', type: 'Integer' as const, path: 'n' }],
};
const offsetReport = {
  entityId: 1,
  offset: 1,
  documents: 1,
  fileBytes: 1,
  generation: 1,
  published: true,
  state: 'level',
  appliedTotal: 1,
  lastAppliedAtMs: null,
  sourceTimeMs: null,
  errorCode: null,
  error: null,
  path: null,
};
const capture = {
  streamOpen: true,
  replyAgeMs: null,
  changesTotal: 0,
  bufferedOperations: 0,
  bufferedBytes: 0,
  error: null,
  errorCode: null,
  mongo: null,
  sourceOplog: null,
};

test.each<[string, () => Promise<unknown>]>([
  ['ping', () => database.ping()],
  ['openCandidacy', () => openCandidacy({ url, streamId: 1, nodeId: 'one', leaseMs: 2_500 })],
  ['createEntityList', () => createEntityList(database)()],
  ['findEntity', () => findEntity(database, 'orders')],
  ['createEntity', () => createEntity(database, shape)],
  ['requestRefresh', () => requestRefresh(database, { entityId: 1, allowLargeSweep: false })],
  ['requestRebuild', () => requestRebuild(database, 1)],
  ['setPaused', () => setPaused(database, { entityId: 1, paused: true })],
  ['markDeleting', () => markDeleting(database, 1)],
  ['listDeleting', () => listDeleting(database)],
  ['dropEntities', () => dropEntities(database, [1])],
  ['reportOffsets', () => reportOffsets(database, { nodeId: 'one', reports: [offsetReport] })],
  ['listOffsets', () => listOffsets(database)],
  ['writeHeartbeat', () => writeHeartbeat(pool, { nodeId: 'one', roles: [], host: 'here', startedAtMs: 0 })],
  ['writeCaptureReport', () => writeCaptureReport(pool, { nodeId: 'one', streamId: 1 }, capture)],
  ['forgetOtherOffsets', () => forgetOtherOffsets(pool, { nodeId: 'one', entityIds: [] })],
  ['writeSignOff', () => writeSignOff(pool, { nodeId: 'one', startedAtMs: 0 })],
  ['keepIncidents', () => keepIncidents(database, 1, () => [])],
  ['pruneIncidents', () => pruneIncidents(database, 1)],
  ['readIncidents', () => readIncidents(pool, { before: null, isOpen: null, entityName: null, limit: 1 })],
  ['acknowledgeIncident', () => acknowledgeIncident(database, 1, { actor: 'api', correlationId: null })],
  ['forgetNode', () => forgetNode(pool, 'one', { actor: 'api', correlationId: null })],
  ['forgetSilentNodes', () => forgetSilentNodes(pool, 24)],
  ['readFleet', () => createFleetReader(pool)()],
  ['readFleetOf', () => readFleetOf(pool, 'orders')],
  ['readDeadLetters', () => readDeadLetters(database, { entityId: 1, limit: 1 })],
  ['jobs.add', () => jobs.add({ kind: 'refresh', entityName: 'orders', input: {} })],
  ['jobs.get', () => jobs.get('1')],
  ['jobs.list', () => jobs.list({ entityName: null, limit: 1 })],
  ['jobs.claim', () => jobs.claim(1)],
  ['jobs.requeue', () => jobs.requeue()],
  ['jobs.note', () => jobs.note('1', 'text')],
  ['jobs.finish', () => jobs.finish('1', { status: 'succeeded', message: 'Done.', errorCode: null })],
  ['jobs.cancel', () => jobs.cancel('1', 'text')],
  ['jobs.cancelled', () => jobs.cancelled(['1'])],
  ['idempotency.take', () => idempotency.take(attempt)],
  ['idempotency.renew', () => idempotency.renew(attempt)],
  ['idempotency.answer', () => idempotency.answer(attempt, {})],
  ['idempotency.forget', () => idempotency.forget(attempt)],
  ['idempotency.leave', () => idempotency.leave(attempt)],
])('%s: an unreachable server is EMC-3001, which names DATABASE_URL and not the password', async (_, call) => {
  const error = await call().catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'EMC-3001', detail: expect.stringContaining('DATABASE_URL') });
  expect(String(error)).not.toContain('hunter2');
});
