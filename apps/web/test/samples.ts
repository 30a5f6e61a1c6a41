import type { FleetView, JobView, NodeView } from '@emcachers/core/api-views';
import { sampleEntity } from './sample-entity.ts';

/** The time at which every page of a test is opened. */
export const openedAt = '2026-11-21T12:03:22.000Z';

export function sampleFleet(overrides: Partial<FleetView> = {}): FleetView {
  return {
    health: 'ok',
    sentence: '1 of 1 entity is live and fresh.',
    detail: 'Nothing to do.',
    stages: [],
    sourceOplog: { level: 'ok', windowMs: 172_800_000, behindMs: 1_000, headroomMs: 172_799_000, reason: null },
    entities: [sampleEntity()],
    nodes: [sampleNodeView()],
    leader: { nodeId: 'node-a', epoch: 4 },
    streams: [{ stream: 'default', leader: { nodeId: 'node-a', epoch: 4 }, health: 'ok', reason: null }],
    activeJobs: 0,
    jobsRevision: '',
    incidents: { open: 0, unacknowledged: 0, revision: '' },
    at: openedAt,
    ...overrides,
  };
}

/** What the engine pushes while it cannot read PostgreSQL. */
export function unreachableFleet(): FleetView {
  return sampleFleet({
    health: 'unknown',
    sentence: 'The state of the entities is unknown: PostgreSQL does not answer.',
    stages: [{ stage: 'oplog', health: 'unknown', figure: 9, unit: 'newest entry', evidence: 'Last read 30 s ago' }],
  });
}

export function sampleNodeView(overrides: Partial<NodeView> = {}): NodeView {
  return {
    nodeId: 'node-a',
    roles: ['producer', 'consumer'],
    isLeader: true,
    health: 'ok',
    startedAt: '2026-11-21T09:00:00.000Z',
    heartbeatAt: '2026-11-21T12:03:20.000Z',
    leftAt: null,
    ...overrides,
  };
}

export function sampleJob(overrides: Partial<JobView> = {}): JobView {
  return {
    jobId: '5f0c8f1e-6a39-4c39-9d5c-0e8a3f6f2b11',
    kind: 'refresh',
    entityName: 'orders',
    status: 'succeeded',
    message: 'Scanned 1,000 documents.',
    errorCode: null,
    correlationId: 'a3d1a1e4-4b0e-4c55-8d0f-5f7f3b1d9c60',
    createdAt: '2026-11-21T12:03:00.000Z',
    startedAt: '2026-11-21T12:03:00.000Z',
    finishedAt: '2026-11-21T12:03:09.000Z',
    attempts: 1,
    retryAt: null,
    ...overrides,
  };
}
