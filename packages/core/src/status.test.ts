import fc from 'fast-check';
import { expect, test } from 'vitest';
import { activities, healths } from './api-views.ts';
import { deriveStatus } from './status.ts';
import type { CacheFacts, CaptureFacts, StatusFacts } from './status-facts.ts';

type EntityFacts = StatusFacts['entities'][number];

/** The truth table of `deriveStatus` (I12). */
const goodCache: CacheFacts = {
  nodeId: 'n1',
  reportAgeMs: 1_000,
  state: 'level',
  lagEntries: 0,
  lagMs: 0,
  standstillMs: 0,
  differences: 0,
  error: null,
  errorCode: null,
};
const goodEntity: EntityFacts = {
  entityName: 'orders',
  stream: 'default',
  activity: 'live',
  reason: null,
  errorCode: null,
  stageAgeMs: 60_000,
  deadLetters: 0,
  deadLetterCodes: [],
  scanProgressAgeMs: null,
  warnings: [],
  caches: [goodCache],
};
const goodCapture: CaptureFacts = {
  leaderNodeId: 'n1',
  leaderReportAgeMs: 500,
  replyAgeMs: 900,
  streamOpen: true,
  error: null,
  errorCode: null,
  loss: null,
};
const good: StatusFacts = {
  postgres: { reachable: true, readAgeMs: 0 },
  captures: new Map([['default', goodCapture]]),
  headroom: { look: null, placeMs: null },
  nodes: [{ nodeId: 'n1', reportAgeMs: 500 }],
  entities: [goodEntity],
};

const withEntity = (change: Partial<EntityFacts>): StatusFacts => ({
  ...good,
  entities: [{ ...goodEntity, ...change }],
});
const withCache = (change: Partial<CacheFacts>): StatusFacts => withEntity({ caches: [{ ...goodCache, ...change }] });
const withCapture = (change: Partial<CaptureFacts>): StatusFacts => ({
  ...good,
  captures: new Map([['default', { ...goodCapture, ...change }]]),
});

const table: [string, StatusFacts, string, RegExp | null][] = [
  ['all parts report and no entry waits', good, 'ok', null],
  [
    'PostgreSQL cannot be reached',
    { ...good, postgres: { reachable: false, readAgeMs: 8_000 } },
    'unknown',
    /its state 8 s ago/,
  ],
  [
    'the entity failed',
    withEntity({ activity: 'failed', reason: 'A sweep would delete 900 rows.' }),
    'failed',
    /sweep/,
  ],
  [
    'it is paused',
    withEntity({ activity: 'paused', caches: [{ ...goodCache, state: 'paused', lagEntries: 9 }] }),
    'ok',
    null,
  ],
  ['it is being deleted', withEntity({ activity: 'deleting', caches: [] }), 'ok', null],
  ['it is live and no node has reported', withEntity({ caches: [] }), 'unknown', /No node has reported/],
  ['it is being scanned and no node has a file yet', withEntity({ activity: 'scanning', caches: [] }), 'ok', null],
  ['the only report is late', withCache({ reportAgeMs: 11_000 }), 'unknown', /No report from n1 for 11 s/],
  [
    'one of two reports is late',
    withEntity({ caches: [goodCache, { ...goodCache, nodeId: 'n2', reportAgeMs: 60_000 }] }),
    'degraded',
    /No report from n2 for 60 s/,
  ],
  ['the cache failed', withCache({ state: 'failed', error: 'The disk is full.' }), 'failed', /disk is full/],
  [
    'one of two caches failed',
    withEntity({ caches: [goodCache, { ...goodCache, nodeId: 'n2', state: 'failed', error: 'No space.' }] }),
    'degraded',
    /n2 failed: No space/,
  ],
  [
    'the cache is tried again after an error and has not become level',
    withCache({ state: 'catching-up', lagEntries: 3_760, lagMs: 900, error: 'The disk is full.' }),
    'degraded',
    /n1 is recovering from an error: The disk is full/,
  ],
  [
    'the cache is built again after an error',
    withCache({ state: 'building', error: 'PostgreSQL was restored.' }),
    'degraded',
    /PostgreSQL was restored/,
  ],
  [
    'entries wait and the offset does not move although reports arrive',
    withCache({ state: 'catching-up', lagEntries: 5, lagMs: 31_000, standstillMs: 31_000 }),
    'degraded',
    /no progress for 31 s/,
  ],
  ['the cache is far behind but moving', withCache({ lagEntries: 5, lagMs: 40_000 }), 'degraded', /40 s behind/],
  [
    'a verification found wrong rows',
    withCache({ differences: 3 }),
    'degraded',
    /A verification found 3 wrong rows in the cache on n1\. Repair it/,
  ],
  [
    'a verification found more wrong rows than a repair writes',
    withCache({ differences: 20_000 }),
    'degraded',
    /A verification found 20,000 wrong rows in the cache on n1\. These are too many for a repair: rebuild it/,
  ],
  ['no entry arrives for an hour', withCache({ standstillMs: 3_600_000 }), 'ok', null],
  [
    'the scan makes no progress',
    withEntity({ activity: 'scanning', scanProgressAgeMs: 61_000 }),
    'degraded',
    /scan has made no progress/,
  ],
  ['a document could not be projected', withEntity({ deadLetters: 1 }), 'degraded', /1 document could not/],
  ['no node ingests', withCapture({ leaderNodeId: null }), 'degraded', /No node is ingesting/],
  ['the leader is late', withCapture({ leaderReportAgeMs: 12_000 }), 'unknown', /leader n1 has not reported for 12 s/],
  ['MongoDB is silent', withCapture({ replyAgeMs: 45_000 }), 'degraded', /has not answered .* 45 s/],
  ['MongoDB has never answered', withCapture({ replyAgeMs: null }), 'unknown', /has not answered .* yet/],
  ['the stream is closed', withCapture({ streamOpen: false }), 'degraded', /reopened/],
  ['the stream has an error', withCapture({ error: 'MongoDB cannot be reached.' }), 'degraded', /MongoDB cannot/],
];

test.each(table)('when %s', (...[, facts, health, reason]) => {
  const status = deriveStatus(facts).entities.get('orders');
  expect(status?.health).toBe(health);
  if (reason === null) expect(status?.reason).toBeNull();
  else expect(status?.reason).toMatch(reason);
});

test('the first sentence counts the live and fresh entities and names the others', () => {
  const sentence = (facts: StatusFacts) => deriveStatus(facts).sentence;
  const named = (entityName: string, change: Partial<EntityFacts> = {}) => ({ ...goodEntity, entityName, ...change });
  const three = { ...good, entities: [named('a'), named('b'), named('c')] };
  expect(sentence(three)).toBe('3 of 3 entities are live and fresh.');
  expect(deriveStatus(three).detail).toBe('Nothing to do.');
  expect(sentence(good)).toBe('1 of 1 entity is live and fresh.');
  expect(sentence({ ...good, entities: [] })).toBe('No entities yet.');
  const mixed = [named('a'), named('b', { activity: 'scanning' }), named('c', { activity: 'failed', reason: 'Why.' })];
  expect(sentence({ ...good, entities: mixed })).toBe(
    '1 of 3 entities are live and fresh; 1 being scanned, 1 needs attention.',
  );
  expect(deriveStatus({ ...good, entities: mixed }).detail).toMatch(/^c: Why\. .* not affected\.$/);
});

test('when PostgreSQL cannot be reached the sentence makes no claim about the entities', () => {
  const status = deriveStatus({ ...good, postgres: { reachable: false, readAgeMs: null } });
  expect(status.health).toBe('unknown');
  expect(status.sentence).toBe('PostgreSQL cannot be reached; the state of the entities is unknown.');
});

test('a node whose report is late is unknown, never ok', () => {
  const node = (reportAgeMs: number) =>
    deriveStatus({ ...good, nodes: [{ nodeId: 'n1', reportAgeMs }] }).nodes.get('n1');
  expect([node(9_999), node(10_001)]).toEqual(['ok', 'unknown']);
});

const ageMs = fc.integer({ min: 0, max: 200_000 });
const anyCache: fc.Arbitrary<CacheFacts> = fc.record({
  nodeId: fc.constantFrom('n1', 'n2'),
  reportAgeMs: ageMs,
  state: fc.constantFrom('building', 'catching-up', 'level', 'paused', 'failed'),
  lagEntries: fc.option(fc.nat()),
  lagMs: fc.option(ageMs),
  standstillMs: ageMs,
  differences: fc.nat({ max: 2 }),
  error: fc.option(fc.string()),
  errorCode: fc.option(fc.constantFrom('EMC-4002', 'EMC-3001', 'EMC-0000')),
});
const anyEntity: fc.Arbitrary<EntityFacts> = fc.record({
  entityName: fc.string({ minLength: 1 }),
  stream: fc.constantFrom('default', 'eu', 'gone'),
  activity: fc.constantFrom(...activities),
  reason: fc.option(fc.string()),
  errorCode: fc.option(fc.constantFrom('EMC-3004', 'EMC-0000')),
  stageAgeMs: ageMs,
  deadLetters: fc.nat(),
  deadLetterCodes: fc.constantFrom([], ['EMC-6001']),
  scanProgressAgeMs: fc.option(ageMs),
  warnings: fc.array(fc.string(), { maxLength: 2 }),
  caches: fc.array(anyCache, { maxLength: 3 }),
});
const anyCapture: fc.Arbitrary<CaptureFacts> = fc.record({
  leaderNodeId: fc.option(fc.constant('n1')),
  leaderReportAgeMs: fc.option(ageMs),
  replyAgeMs: fc.option(ageMs),
  streamOpen: fc.boolean(),
  error: fc.option(fc.string({ minLength: 1 })),
  errorCode: fc.option(fc.constantFrom('EMC-2001', 'EMC-2008', 'EMC-3001')),
  loss: fc.option(fc.constant({ errorCode: 'EMC-2003', reason: 'The history is gone.', ageMs: 5_000 })),
});
const anyFacts: fc.Arbitrary<StatusFacts> = fc.record({
  postgres: fc.record({ reachable: fc.boolean(), readAgeMs: fc.option(ageMs) }),
  captures: fc.tuple(anyCapture, anyCapture).map(
    ([first, second]) =>
      new Map([
        ['default', first],
        ['eu', second],
      ]),
  ),
  headroom: fc.constant(good.headroom),
  nodes: fc.array(fc.record({ nodeId: fc.string(), reportAgeMs: ageMs }), {
    maxLength: 3,
  }),
  entities: fc.uniqueArray(anyEntity, { maxLength: 4, selector: (entity) => entity.entityName }),
});

test('for any facts health and reason agree, and no entity is fresh without a recent report of a cache', () => {
  fc.assert(
    fc.property(anyFacts, (facts) => {
      const status = deriveStatus(facts);
      expect(healths).toContain(status.health);
      for (const { entityName } of facts.entities) {
        const verdict = status.entities.get(entityName);
        expect(verdict?.reason === null).toBe(verdict?.health === 'ok');
      }
      const isFresh = ({ entityName, activity }: { entityName: string; activity: string }): boolean =>
        activity === 'live' && status.entities.get(entityName)?.health === 'ok';
      for (const { caches } of facts.entities.filter(isFresh))
        expect(caches.some((cache) => cache.reportAgeMs <= 10_000)).toBe(true);
      if (status.health === 'ok')
        expect([...status.entities.values()].every(({ health }) => health === 'ok')).toBe(true);
      if (!facts.postgres.reachable) expect(status.health).toBe('unknown');
    }),
    { numRuns: 500 },
  );
});

test('a warning is said in the detail and leaves health ok; a fault is said first', () => {
  const warnings = ['The path x of column y met no value in 3 scanned documents.'];
  const warned = deriveStatus(withEntity({ warnings }));
  expect([warned.health, warned.sentence]).toEqual(['ok', '1 of 1 entity is live and fresh.']);
  expect(warned.detail).toBe(`1 warning. orders: ${warnings[0]}`);
  expect(deriveStatus(withEntity({ warnings, deadLetters: 1 })).detail).toContain('could not be projected');
});

test('an outage of MongoDB is one cause, not one for each entity; an entity with a trouble of its own still counts', () => {
  const captures = new Map([['default', { ...goodCapture, error: 'connection refused' }]]);
  const entities = [
    { ...goodEntity, entityName: 'orders' },
    { ...goodEntity, entityName: 'users' },
    { ...goodEntity, entityName: 'views', activity: 'failed' as const, reason: 'The source is a view.' },
  ];
  const status = deriveStatus({ ...good, captures, entities });
  expect(status.sentence).toBe(
    '0 of 3 entities are live and fresh; 2 wait for changes from MongoDB, 1 needs attention.',
  );
});

test('a position about to be lost degrades the fleet, not each entity; a short oplog is a warning', () => {
  const hourMs = 3_600_000;
  const withWindow = (windowMs: number): StatusFacts => ({
    ...good,
    headroom: {
      look: {
        oplog: { kind: 'known', oldestMs: 0, newestMs: windowMs, filled: 1 },
        ageMs: 0,
        limits: { warningMs: 24 * hourMs, criticalMs: hourMs },
      },
      placeMs: windowMs,
    },
  });
  const lost = deriveStatus(withWindow(hourMs / 2));
  expect([lost.health, lost.entities.get('orders')?.health]).toEqual(['degraded', 'ok']);
  expect(lost.sentence).toBe('1 of 1 entity is live and fresh; the position in MongoDB is about to be lost.');
  expect(lost.detail).toMatch(/^About 30 min of headroom is left/);
  const short = deriveStatus(withWindow(5 * hourMs));
  expect([short.health, short.sentence]).toEqual(['ok', '1 of 1 entity is live and fresh.']);
  expect(short.detail).toMatch(/^About 5 h of headroom is left/);
});

test('an outage of one stream concerns its entities only, and its reason names it', () => {
  const captures = new Map([
    ['default', goodCapture],
    ['eu', { ...goodCapture, leaderNodeId: null }],
  ]);
  const entities = [goodEntity, { ...goodEntity, entityName: 'users', stream: 'eu' }];
  const status = deriveStatus({ ...good, captures, entities });
  expect(status.entities.get('orders')).toEqual({ health: 'ok', reason: null });
  expect(status.entities.get('users')).toMatchObject({
    health: 'degraded',
    reason: expect.stringMatching(/^Stream eu: No node/),
  });
  expect([status.health, status.capture, status.streams.get('default')?.health]).toEqual([
    'degraded',
    status.streams.get('eu'),
    'ok',
  ]);
  expect(status.sentence).toBe('1 of 2 entities are live and fresh; 1 waits for changes from MongoDB.');
  // A stream that feeds nothing is no one's trouble.
  expect(deriveStatus({ ...good, captures }).health).toBe('ok');
});
