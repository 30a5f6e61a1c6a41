import { expect, test } from 'vitest';
import { indexViews, indexWarnings } from './index-views.ts';

const customer = { columns: ['customer'] };
const report = (state: 'ready' | 'failed', reason: string | null) => [{ ...customer, state, reason }];
const cacheOf = (nodeId: string, indexes: ReturnType<typeof report>) => ({ nodeId, indexes });

test('an index is shown as each node reports it, as waiting before that, and as unknown if the report is late (I12)', () => {
  const views = indexViews({ indexes: [customer] }, [
    { cache: cacheOf('n1', report('ready', null)), health: 'ok' },
    { cache: cacheOf('n2', []), health: 'ok' },
    { cache: cacheOf('n3', report('ready', null)), health: 'unknown' },
    { cache: cacheOf('n4', report('failed', 'full')), health: 'ok' },
  ]);
  expect(views).toEqual([
    {
      columns: ['customer'],
      nodes: [
        { nodeId: 'n1', state: 'ready', reason: null },
        { nodeId: 'n2', state: 'waiting', reason: null },
        { nodeId: 'n3', state: 'unknown', reason: null },
        { nodeId: 'n4', state: 'failed', reason: 'full' },
      ],
    },
  ]);
  expect(indexWarnings(views)).toEqual(['The index on customer could not be built on n4: full']);
});

test('what a node reports of an index that is no longer declared is not shown', () => {
  expect(indexViews({ indexes: [] }, [{ cache: cacheOf('n1', report('failed', 'full')), health: 'ok' }])).toEqual([]);
});
