import { describe, expect, test } from 'vitest';
import { deriveCauses } from './fleet-causes.ts';
import type { CacheFacts, CaptureFacts, StatusFacts } from './status-facts.ts';

type EntityFacts = StatusFacts['entities'][number];

const cache: CacheFacts = {
  ...{ nodeId: 'n1', reportAgeMs: 1_000, state: 'level', lagEntries: 0, lagMs: 0, standstillMs: 0 },
  ...{ differences: 0, error: null, errorCode: null },
};
const orders: EntityFacts = {
  ...{ entityName: 'orders', stream: 'default', activity: 'live', reason: null, errorCode: null, stageAgeMs: 60_000 },
  ...{ deadLetters: 0, deadLetterCodes: [], scanProgressAgeMs: null, warnings: [], caches: [cache] },
};
const capture: CaptureFacts = {
  ...{ leaderNodeId: 'n1', leaderReportAgeMs: 500, replyAgeMs: 900, streamOpen: true },
  ...{ error: null, errorCode: null, loss: null },
};
const well: StatusFacts = {
  postgres: { reachable: true, readAgeMs: 0 },
  captures: new Map([['default', capture]]),
  headroom: { look: null, placeMs: null },
  nodes: [{ nodeId: 'n1', reportAgeMs: 500 }],
  entities: [orders],
};

const withEntity = (change: Partial<EntityFacts>): StatusFacts => ({ ...well, entities: [{ ...orders, ...change }] });
const withCache = (change: Partial<CacheFacts>): StatusFacts => withEntity({ caches: [{ ...cache, ...change }] });
const withCapture = (change: Partial<CaptureFacts>): StatusFacts => ({
  ...well,
  captures: new Map([['default', { ...capture, ...change }]]),
});
const withCaches = (facts: StatusFacts): StatusFacts => ({ ...facts, nodes: [{ nodeId: 'n1', reportAgeMs: 12_000 }] });

const table: [string, StatusFacts, string[]][] = [
  ['everything is well', well, []],
  ['PostgreSQL is away', { ...well, postgres: { reachable: false, readAgeMs: 9_000 } }, ['postgresql EMC-3001']],
  ['MongoDB is silent', withCapture({ replyAgeMs: 31_000 }), ['mongodb EMC-2001']],
  ['MongoDB has never answered', withCapture({ replyAgeMs: null }), ['mongodb EMC-2001']],
  ['it refuses connections', withCapture({ error: 'Refused.', errorCode: 'EMC-2001' }), ['mongodb EMC-2001']],
  ['it closed the stream', withCapture({ error: 'Closed.', errorCode: 'EMC-2004' }), ['mongodb EMC-2001']],
  ['the stream is being reopened', withCapture({ streamOpen: false }), ['mongodb EMC-2001']],
  [
    'a change is not understood',
    withCapture({ error: 'New event.', errorCode: 'EMC-2008' }),
    ['stream:default EMC-2008'],
  ],
  ['ingest cannot write', withCapture({ error: 'Away.', errorCode: 'EMC-3001' }), ['postgresql EMC-3001']],
  ['no node ingests', withCapture({ leaderNodeId: null }), ['stream:default EMC-5024']],
  ['the leader is silent', withCaches(withCapture({ leaderReportAgeMs: 12_000 })), ['node:n1 EMC-5022']],
  [
    'the position was lost',
    withCapture({ loss: { errorCode: 'EMC-2009', reason: 'Restored.', ageMs: 1_000 } }),
    ['stream:default EMC-2009'],
  ],
  [
    'an entity failed',
    withEntity({ activity: 'failed', errorCode: 'EMC-3004', reason: 'Too many.' }),
    ['entity:orders EMC-3004'],
  ],
  [
    'it failed for a reason of an older version',
    withEntity({ activity: 'failed', errorCode: 'EMC-0000' }),
    ['entity:orders EMC-5999'],
  ],
  [
    'documents were refused in two ways',
    withEntity({ deadLetters: 3, deadLetterCodes: ['EMC-6001', 'EMC-6003'] }),
    ['entity:orders EMC-6001', 'entity:orders EMC-6003'],
  ],
  ['a scan stands still', withEntity({ activity: 'scanning', scanProgressAgeMs: 61_000 }), ['entity:orders EMC-5023']],
  ['no node has a cache', withEntity({ caches: [] }), ['entity:orders EMC-5023']],
  ['a cache failed', withCache({ state: 'failed', error: 'Full.', errorCode: 'EMC-4002' }), ['node:n1 EMC-4002']],
  ['a cache recovers', withCache({ state: 'building', error: 'Full.', errorCode: 'EMC-4002' }), ['node:n1 EMC-4002']],
  ['a cache could not read', withCache({ error: 'Away.', errorCode: 'EMC-3001' }), ['postgresql EMC-3001']],
  ['rows are wrong', withCache({ differences: 3 }), ['node:n1 EMC-4006']],
  ['a cache stands still', withCache({ lagEntries: 5, standstillMs: 31_000 }), ['node:n1 EMC-5023']],
  ['a cache is behind', withCache({ lagEntries: 5, lagMs: 31_000 }), ['node:n1 EMC-5023']],
  ['it is paused', withEntity({ activity: 'paused', deadLetters: 1, deadLetterCodes: ['EMC-6001'] }), []],
  ['it is being deleted', withEntity({ activity: 'deleting', caches: [] }), []],
];

const keysOf = (facts: StatusFacts): string[] =>
  deriveCauses(facts).causes.map(({ subject, errorCode }) => `${subject} ${errorCode}`);

test.each(table)('the causes when %s', (...[, facts, expected]) => {
  expect(keysOf(facts)).toEqual(expected);
});

describe('a cause', () => {
  test('is one for all that suffer from it, and has their names and the longest time', () => {
    const entities = Array.from({ length: 50 }, (_, index) => ({ ...orders, entityName: `e${index}` }));
    const captures = new Map([
      ['default', { ...capture, replyAgeMs: 31_000 }],
      ['eu', { ...capture, leaderNodeId: 'n2', replyAgeMs: 40_000 }],
    ]);
    const nodes = ['n1', 'n2'].map((nodeId) => ({ nodeId, reportAgeMs: 0 }));
    const inEu = { ...orders, entityName: 'users', stream: 'eu' };
    const { causes } = deriveCauses({ ...well, nodes, captures, entities: [...entities, inEu] });
    expect(causes).toHaveLength(1);
    expect(causes[0]).toMatchObject({ subject: 'mongodb', ageMs: 40_000, nodes: ['n1', 'n2'] });
    expect(causes[0]?.entities).toHaveLength(51);
  });

  test('is named although another one hides it from the verdict of its entity', () => {
    const facts = {
      ...withEntity({ deadLetters: 1, deadLetterCodes: ['EMC-6001'] }),
      captures: withCapture({ replyAgeMs: 31_000 }).captures,
    };
    expect(keysOf(facts)).toEqual(['mongodb EMC-2001', 'entity:orders EMC-6001']);
  });

  test('is that of the outage, not the scan that waits for MongoDB', () => {
    const scanning = withEntity({ activity: 'scanning', scanProgressAgeMs: 90_000 });
    expect(keysOf({ ...scanning, captures: withCapture({ replyAgeMs: 90_000 }).captures })).toEqual([
      'mongodb EMC-2001',
    ]);
  });

  test('of a stream that feeds nothing is none', () => {
    expect(keysOf({ ...withCapture({ replyAgeMs: 31_000 }), entities: [] })).toEqual([]);
  });
});

test('what a silent node reported last is undecided, and so is MongoDB while the leader is silent', () => {
  const broken = { ...cache, state: 'failed', error: 'Full.', errorCode: 'EMC-4002', reportAgeMs: 12_000 } as const;
  const facts = withCaches({
    ...withCapture({ leaderReportAgeMs: 12_000 }),
    entities: [{ ...orders, caches: [broken] }],
  });
  expect(keysOf(facts)).toEqual(['node:n1 EMC-5022']);
  expect([...deriveCauses(facts).undecided].toSorted()).toEqual(['mongodb', 'node:n1', 'stream:default']);
  expect(deriveCauses(well).undecided.size).toBe(0);
});
