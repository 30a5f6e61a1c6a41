import type { EntityView } from '@emcachers/core/api-views';

/** A healthy entity for tests; each test overrides what it is about. */
export function sampleEntity(overrides: Partial<EntityView> = {}): EntityView {
  return {
    entityName: 'orders',
    sourceName: 'shop.orders',
    stream: 'default',
    columns: [{ name: 'status', type: 'Text', path: 'status' }],
    indexes: [],
    where: null,
    version: 3,
    activity: 'live',
    health: 'ok',
    reason: null,
    since: '2026-11-18T09:14:00.000Z',
    documents: 1_000,
    offset: 500,
    head: 500,
    lagEntries: 0,
    lagMs: 0,
    lagByHop: { captureMs: 0, applyMs: 0 },
    freshAsOf: '2026-11-21T12:03:21.000Z',
    ratePerSecond: 10,
    rateHistory: [],
    deadLetters: 0,
    coercionErrors: 0,
    filteredOut: 0,
    columnCounts: [],
    warnings: [],
    scan: {
      scanned: 1_000,
      estimated: 1_000,
      ratePerSecond: null,
      startedAt: '2026-11-18T09:02:00.000Z',
      finishedAt: '2026-11-18T09:13:00.000Z',
      staged: 0,
    },
    oplog: {
      entries: 1_200,
      superseded: 200,
      bytes: 1_000_000,
      horizon: 300,
      removed: 5_000,
      compactedAt: '2026-11-21T11:00:00.000Z',
      heldBy: null,
    },
    nodes: [],
    createdAt: '2026-11-18T09:02:00.000Z',
    cachePath: '/data/dbs/orders/db.sqlite',
    ...overrides,
  };
}

export function sampleNode(overrides: Partial<EntityView['nodes'][number]> = {}): EntityView['nodes'][number] {
  return {
    nodeId: 'node-a',
    health: 'ok',
    offset: 500,
    lagEntries: 0,
    lagMs: 0,
    documents: 1_000,
    fileBytes: 4_096,
    generation: 1,
    lastAppliedAt: '2026-11-21T12:03:21.000Z',
    reportedAt: '2026-11-21T12:03:21.000Z',
    errorCode: null,
    error: null,
    ...overrides,
  };
}
