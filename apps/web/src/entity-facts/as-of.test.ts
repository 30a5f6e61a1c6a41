import { expect, test } from 'vitest';
import { sampleEntity, sampleNode } from '../../test/sample-entity.ts';
import { sampleFleet } from '../../test/samples.ts';
import { asOf } from './as-of.ts';
import { statusWords } from './status-words.ts';

const stage = { stage: 'oplog', health: 'ok', figure: 10, unit: 'newest entry', evidence: 'Saved 1 s ago' } as const;
const fleet = sampleFleet({
  stages: [stage],
  entities: [
    sampleEntity({ lagEntries: 3, lagMs: 5, nodes: [sampleNode()] }),
    sampleEntity({ entityName: 'failed', activity: 'failed', health: 'failed', reason: 'The source is a view.' }),
  ],
});

test('of an old view no verdict is left, and the sentence says since when', () => {
  const old = asOf(fleet, '12:03:22');
  expect(old.sentence).toBe('The state of the entities is unknown since 12:03:22.');
  expect(old.detail).toBe('Last known: 1 of 1 entity is live and fresh.');
  const healths = [old, ...old.stages, ...old.entities, ...old.nodes, ...old.entities.flatMap(({ nodes }) => nodes)];
  expect(new Set(healths.map(({ health }) => health))).toEqual(new Set(['unknown']));
  expect(old.entities.map((entity) => statusWords(entity))).toEqual([
    { tone: 'unknown', words: 'Live, unconfirmed' },
    { tone: 'unknown', words: 'Failed, unconfirmed' },
  ]);
});

test('of an old view the lag is unknown, not zero, and what stays true with its time remains', () => {
  const [entity] = asOf(fleet, '12:03:22').entities;
  expect(entity).toMatchObject({ lagEntries: null, lagMs: null, ratePerSecond: null, offset: 500, documents: 1_000 });
  expect(entity?.nodes[0]).toMatchObject({ lagEntries: null, lagMs: null, offset: 500 });
});
