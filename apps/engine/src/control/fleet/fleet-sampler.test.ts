import { EmcachersError } from '@emcachers/core/emcachers-error';
import { silentLog } from '@emcachers/core/log';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import type { CacheRow, FleetRows, StreamRow } from '@emcachers/db/fleet/fleet-rows';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../../test/support/manual-clock.ts';
import { createLeapingClock } from '../../../test/support/test-clock.ts';
import { createFleetSampler } from './fleet-sampler.ts';

const nowMs = 1_800_000_000_000;
const entity: EntityRecord = {
  entityId: 1,
  entityName: 'orders',
  sourceName: 'shop.orders',
  streamId: 1,
  streamName: 'default',
  columns: [{ name: 'total', type: 'Number', path: 'total' }],
  where: null,
  maskKeyId: null,
  shapeHash: 'x',
  version: 1,
  lifecycle: 'live',
  lifecycleSinceMs: nowMs - 60_000,
  route: 'oplog',
  reason: null,
  errorCode: null,
  paused: false,
  runId: '00000000-0000-4000-8000-000000000000',
  scan: {
    hasLastKey: false,
    lastKey: null,
    collectionUuid: null,
    scanned: 10,
    estimated: 10,
    startedAtMs: null,
    finishedAtMs: null,
    endTime: null,
  },
  liveFromId: 1,
  rebuildRequested: 0,
  indexes: [],
  allowLargeSweep: false,
  createdAtMs: nowMs - 60_000,
  deadLetters: 0,
  coercionErrors: 0,
  filteredOut: 0,
  columnCounts: [],
};
const cache: CacheRow = {
  nodeId: 'n1',
  entityId: 1,
  offset: 10,
  documents: 10,
  fileBytes: 4_096,
  generation: 1,
  state: 'level',
  appliedTotal: 10,
  lastAppliedAtMs: nowMs - 1_000,
  sourceTimeMs: nowMs - 2_000,
  errorCode: null,
  error: null,
  path: '/data/dbs/orders/db.sqlite',
  indexes: [],
  reportedAtMs: nowMs - 500,
  lagEntries: 0,
  oldestWaitingAtMs: null,
  differences: 0,
};
const stream: StreamRow = {
  streamId: 1,
  streamName: 'default',
  head: 10,
  leader: { nodeId: 'n1', epoch: 3 },
  position: { savedAtMs: nowMs - 500, sourceTimeMs: nowMs - 1_000 },
  capture: {
    nodeId: 'n1',
    reportedAtMs: nowMs - 500,
    streamOpen: true,
    replyAgeMs: 100,
    changesTotal: 10,
    bufferedOperations: 0,
    bufferedBytes: 0,
    error: null,
    errorCode: null,
    mongo: { setName: 'rs0', version: '8.0.0' },
    sourceOplog: null,
  },
  loss: null,
};
const rows: FleetRows = {
  nowMs,
  streams: [stream],
  entities: [entity],
  extents: new Map([[1, { head: 10, staged: null, compaction: null, pausedSinceMs: null, deadLetterCodes: [] }]]),
  caches: [cache],
  nodes: [
    {
      nodeId: 'n1',
      roles: ['ingest', 'replicate'],
      startedAtMs: nowMs - 60_000,
      heartbeatAtMs: nowMs - 500,
      leftAtMs: null,
    },
  ],
  activeJobs: 0,
  jobsRevision: '',
  incidents: { open: 0, unacknowledged: 0, revision: '' },
};

function samplerOf(...readings: (() => Promise<FleetRows>)[]) {
  const clock = createLeapingClock();
  let count = 0;
  const readRows = (): Promise<FleetRows> => {
    const reading = readings[Math.min(count, readings.length - 1)];
    count += 1;
    return reading?.() ?? Promise.reject(new Error('No reading.'));
  };
  return { clock, sampler: createFleetSampler({ clock, log: silentLog, nodeId: 'n1', readRows }) };
}

const well = async (): Promise<FleetRows> => rows;
const away = async (): Promise<FleetRows> => {
  throw new EmcachersError({ code: 'EMC-3001', detail: 'nobody answers' });
};

test('the view of a healthy fleet has all figures', async () => {
  const fleet = await samplerOf(well).sampler.read();
  expect(fleet).toMatchObject({
    health: 'ok',
    sentence: '1 of 1 entity is live and fresh.',
    detail: 'Nothing to do.',
    leader: { nodeId: 'n1', epoch: 3 },
  });
  expect(fleet.stages.map(({ stage, health }) => [stage, health])).toEqual([
    ['mongodb', 'ok'],
    ['change-source', 'ok'],
    ['channel', 'ok'],
    ['oplog', 'ok'],
    ['replicator', 'ok'],
    ['sqlite-cache', 'ok'],
  ]);
  expect(fleet.entities[0]).toMatchObject({
    health: 'ok',
    documents: 10,
    offset: 10,
    lagEntries: 0,
    lagMs: 0,
    freshAsOf: new Date(nowMs - 1_000).toISOString(),
    cachePath: '/data/dbs/orders/db.sqlite',
  });
});

test('a node that signed off is listed with its time and counts for nothing; one that went silent does count', async () => {
  const other = { nodeId: 'n2', roles: ['replicate'], startedAtMs: nowMs - 90_000, heartbeatAtMs: nowMs - 60_000 };
  const withOther = (leftAtMs: number | null) => async (): Promise<FleetRows> => ({
    ...rows,
    nodes: [...rows.nodes, { ...other, leftAtMs }],
    caches: [...rows.caches, { ...cache, nodeId: 'n2', offset: 3, lagEntries: 7, reportedAtMs: nowMs - 60_000 }],
  });
  const left = await samplerOf(withOther(nowMs - 59_000)).sampler.read();
  expect(left).toMatchObject({ health: 'ok', sentence: '1 of 1 entity is live and fresh.' });
  expect(left.entities[0]).toMatchObject({ lagEntries: 0, nodes: [{ nodeId: 'n1' }] });
  expect(left.nodes.map(({ nodeId, leftAt }) => [nodeId, leftAt])).toEqual([
    ['n1', null],
    ['n2', new Date(nowMs - 59_000).toISOString()],
  ]);
  const silent = await samplerOf(withOther(null)).sampler.read();
  expect(silent).toMatchObject({ health: 'degraded', nodes: [{ health: 'ok' }, { health: 'unknown', leftAt: null }] });
});

test('a leader that signed off leads no more, and does not count as one that has never reported', async () => {
  const [node] = rows.nodes;
  const left = async (): Promise<FleetRows> => ({
    ...rows,
    nodes: node === undefined ? [] : [{ ...node, leftAtMs: nowMs - 400 }],
  });
  const fleet = await samplerOf(left).sampler.read();
  expect(fleet).toMatchObject({ health: 'degraded', leader: null, nodes: [{ nodeId: 'n1', isLeader: false }] });
  expect(fleet.stages[0]).toMatchObject({
    health: 'degraded',
    evidence: 'No node is ingesting; changes wait in MongoDB until one does.',
  });
});

test('a cache whose lag is unknown is not called up to date with the oplog', async () => {
  const evidenceWith = async (...lags: (number | null)[]) => {
    const caches = lags.map((lagEntries, index) => ({ ...cache, entityId: index + 1, lagEntries }));
    const { stages } = await samplerOf(async () => ({ ...rows, caches })).sampler.read();
    return stages.find(({ stage }) => stage === 'replicator')?.evidence;
  };
  expect(await evidenceWith(0, 0)).toBe('Up to date with the oplog');
  expect(await evidenceWith(0, null)).toBe('The lag of 1 cache is unknown');
  expect(await evidenceWith(7, null, null)).toBe('7 entries behind; the lag of 2 caches is unknown');
});

test('while PostgreSQL is unreachable, the view keeps the last rows with their age and no verdict is ok', async () => {
  const { sampler, clock } = samplerOf(well, away);
  await sampler.read();
  clock.leap(8_000);
  const fleet = await sampler.read();
  expect(fleet.health).toBe('unknown');
  expect(fleet.entities[0]).toMatchObject({ documents: 10, health: 'unknown' });
  expect(fleet.entities[0]?.reason).toMatch(/this was its state \d+ s ago/);
  expect(fleet.nodes[0]?.health).toBe('unknown');
});

test('a hanging server counts as unreachable and gets only one query at a time', async () => {
  const hanging = Promise.withResolvers<FleetRows>();
  let asked = 0;
  const hang = (): Promise<FleetRows> => {
    asked += 1;
    return hanging.promise;
  };
  const { sampler } = samplerOf(well, hang, well);
  await sampler.read();
  for (let round = 0; round < 3; round += 1) expect((await sampler.read()).health).toBe('unknown');
  expect(asked).toBe(1);
  hanging.resolve(rows);
  await hanging.promise;
  expect((await sampler.read()).health).toBe('ok');
});

describe('while a reading hangs', () => {
  function hangingSampler(...readings: (() => Promise<FleetRows>)[]) {
    const clock = createManualClock();
    const readRows = (): Promise<FleetRows> => readings.shift()?.() ?? Promise.reject(new Error('No reading.'));
    return { clock, sampler: createFleetSampler({ clock, log: silentLog, nodeId: 'n1', readRows }) };
  }

  test('a caller gets a reading that began after its call, not the one that hung before it', async () => {
    const hanging = Promise.withResolvers<FleetRows>();
    const changed = { ...rows, entities: [{ ...entity, entityName: 'changed' }] };
    const { sampler, clock } = hangingSampler(
      () => hanging.promise,
      async () => changed,
    );
    const first = sampler.read();
    await clock.advance(3_000);
    expect((await first).health).toBe('unknown');
    const second = sampler.read();
    hanging.resolve(rows);
    const fleet = await second;
    expect(fleet).toMatchObject({ health: 'ok', entities: [{ entityName: 'changed' }] });
  });

  test('and the next one hangs too, the age of the rows counts from the beginning of their reading', async () => {
    const hanging = Promise.withResolvers<FleetRows>();
    const never = new Promise<FleetRows>(() => {});
    const { sampler, clock } = hangingSampler(
      () => hanging.promise,
      () => never,
    );
    const first = sampler.read();
    await clock.advance(3_000);
    await first;
    const second = sampler.read();
    hanging.resolve(rows);
    await clock.advance(0);
    await clock.advance(200);
    const fleet = await second;
    expect(fleet.entities[0]).toMatchObject({ documents: 10, health: 'unknown' });
    expect(fleet.entities[0]?.reason).toContain('this was its state 3 s ago');
  });

  test('a caller waits a second for it, and a fifth of one once PostgreSQL is known to be unreachable', async () => {
    const never = new Promise<FleetRows>(() => {});
    const { sampler, clock } = hangingSampler(well, () => never);
    await sampler.read();
    const first = sampler.read();
    await clock.advance(1_000);
    expect(await first).toMatchObject({ health: 'unknown', entities: [{ documents: 10 }] });
    await clock.advance(2_000);
    const second = sampler.read();
    await clock.advance(200);
    expect((await second).entities[0]?.reason).toContain('this was its state 3 s ago');
  });

  test('a glance shows the last rows with their age, and is not ok once the reading is late', async () => {
    const never = new Promise<FleetRows>(() => {});
    const { sampler, clock } = hangingSampler(well, () => never);
    expect(sampler.glance()).toBeNull();
    await sampler.read();
    void sampler.read();
    await clock.advance(500);
    expect(sampler.glance()).toMatchObject({ ageMs: 500, view: { health: 'ok', entities: [{ documents: 10 }] } });
    await clock.advance(7_500);
    expect(sampler.glance()).toMatchObject({ ageMs: 8_000, view: { health: 'unknown' } });
  });
});

test('a caller that arrives during a reading gets the result of the next one', async () => {
  let changed = false;
  const renamed = { ...rows, entities: [{ ...entity, entityName: 'changed' }] };
  const { sampler } = samplerOf(async () => (changed ? renamed : rows));
  const first = sampler.read();
  changed = true;
  const later = await Promise.all([sampler.read(), sampler.read()]);
  await first;
  expect(later.map((fleet) => fleet.entities[0]?.entityName)).toEqual(['changed', 'changed']);
  expect(later[0]).toBe(later[1]);
});

/** Start times of readings of 50 ms each, with hints at the given times; milliseconds since the sampler's start. */
async function readingTimes({ hintsAtMs, untilMs }: { hintsAtMs: readonly number[]; untilMs: number }) {
  const clock = createManualClock();
  const begunAtMs: number[] = [];
  const readRows = async (): Promise<FleetRows> => {
    begunAtMs.push(clock.nowMs());
    await clock.sleep(50);
    return rows;
  };
  const sampler = createFleetSampler({ clock, log: silentLog, nodeId: 'n1', readRows });
  const stop = new AbortController();
  const running = sampler.run(stop.signal);
  for (let nowMs = 0; nowMs < untilMs; nowMs += 10) {
    if (hintsAtMs.includes(nowMs)) sampler.wake();
    await clock.advance(0);
    await clock.advance(10);
  }
  stop.abort();
  await clock.advance(50);
  await running;
  expect(clock.sleeping()).toBe(0);
  return begunAtMs;
}

describe('a hint', () => {
  test('is not needed: readings are one second apart without it', async () => {
    expect(await readingTimes({ hintsAtMs: [], untilMs: 2_000 })).toEqual([0, 1_050]);
  });

  test('during a reading triggers another one after the minimum gap', async () => {
    expect(await readingTimes({ hintsAtMs: [20], untilMs: 1_000 })).toEqual([0, 250]);
  });

  test('during the minimum gap triggers a reading when the gap ends', async () => {
    expect(await readingTimes({ hintsAtMs: [100], untilMs: 1_000 })).toEqual([0, 250]);
  });

  test('after the minimum gap triggers a reading at once', async () => {
    expect(await readingTimes({ hintsAtMs: [600], untilMs: 1_600 })).toEqual([0, 600]);
  });

  test('is merged with the others that arrive before the next reading', async () => {
    expect(await readingTimes({ hintsAtMs: [10, 20, 100, 240], untilMs: 1_290 })).toEqual([0, 250]);
    expect(await readingTimes({ hintsAtMs: [10, 20, 100, 240], untilMs: 1_310 })).toEqual([0, 250, 1_300]);
  });
});
