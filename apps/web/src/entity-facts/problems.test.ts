import { describe, expect, test } from 'vitest';
import { sampleEntity } from '../../test/sample-entity.ts';
import { type Letter, type ProblemFacts, problemsOf } from './problems.ts';

const letter = (overrides: Partial<Letter>): Letter => ({
  docId: 'a',
  column: 'total',
  errorCode: 'EMC-4010',
  error: 'The value does not fit.',
  createdAt: '2026-11-21T10:00:00.000Z',
  updatedAt: '2026-11-21T11:00:00.000Z',
  ...overrides,
});
const facts = (overrides: Partial<ProblemFacts> = {}): ProblemFacts => ({
  entities: [sampleEntity()],
  sources: [{ sourceName: 'shop.orders', estimatedDocuments: 1, entities: [] }],
  letters: new Map(),
  ...overrides,
});

describe('the problems of the entities', () => {
  test('are none if all is well, and none is invented while the collections are not known', () => {
    expect(problemsOf(facts())).toEqual([]);
    expect(problemsOf(facts({ sources: undefined }))).toEqual([]);
  });

  test('include values that became NULL, for each column with its path, type and count', () => {
    const columnCounts = [{ name: 'status', met: 1_000, coercionErrors: 12 }];
    expect(problemsOf(facts({ entities: [sampleEntity({ coercionErrors: 12, columnCounts })] }))).toMatchObject([
      {
        cause: 'null-values',
        entityName: 'orders',
        count: 12,
        what: 'Values of status do not fit the type Text; column status has NULL instead.',
      },
    ]);
  });

  test('include a source that is not in MongoDB, although its entity is live', () => {
    expect(problemsOf(facts({ sources: [] }))).toMatchObject([{ cause: 'missing-source', entityName: 'orders' }]);
  });

  test('group dead letters by column and error, with samples and the first and last time', () => {
    const letters = [
      letter({ docId: 'a' }),
      letter({ docId: 'b', createdAt: '2026-11-21T09:00:00.000Z', updatedAt: '2026-11-21T12:00:00.000Z' }),
      letter({ docId: 'c', column: null, errorCode: 'EMC-4011', error: 'Too large.' }),
    ];
    const entities = [sampleEntity({ deadLetters: 3 })];
    expect(problemsOf(facts({ entities, letters: new Map([['orders', letters]]) }))).toMatchObject([
      {
        what: 'Column total: The value does not fit.',
        count: 2,
        samples: ['a', 'b'],
        firstSeen: '2026-11-21T09:00:00.000Z',
        lastSeen: '2026-11-21T12:00:00.000Z',
      },
      { what: 'Too large.', count: 1, samples: ['c'] },
    ]);
  });

  test('count all dead letters if one cause has them all, also those that were not listed', () => {
    const entities = [sampleEntity({ deadLetters: 500 })];
    expect(problemsOf(facts({ entities, letters: new Map([['orders', [letter({})]]]) }))).toMatchObject([
      { count: 500 },
    ]);
    expect(problemsOf(facts({ entities }))).toMatchObject([{ cause: 'dead-letters', count: 500, samples: [] }]);
  });

  test('include the reason of a failed entity and paths that met nothing', () => {
    const entities = [
      sampleEntity({
        activity: 'failed',
        health: 'failed',
        reason: 'The source is a view.',
        warnings: ['The path x met no value.'],
      }),
    ];
    expect(problemsOf(facts({ entities })).map(({ cause, what }) => [cause, what])).toEqual([
      ['failed', 'The source is a view.'],
      ['unmet-paths', 'The path x met no value.'],
    ]);
  });
});
