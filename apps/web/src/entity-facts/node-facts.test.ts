import { expect, test } from 'vitest';
import { sampleEntity, sampleNode } from '../../test/sample-entity.ts';
import { nodeFacts } from './node-facts.ts';

test('a node’s figures are totals over its caches, and stay unknown if no cache reports any', () => {
  const entities = [
    sampleEntity({ nodes: [sampleNode({ fileBytes: 10, lagEntries: 3 }), sampleNode({ nodeId: 'node-b' })] }),
    sampleEntity({ entityName: 'products', nodes: [sampleNode({ fileBytes: 5, lagEntries: null })] }),
  ];
  expect(nodeFacts(entities, 'node-a')).toEqual({ caches: 2, fileBytes: 15, lagEntriesMax: 3 });
  expect(nodeFacts(entities, 'node-z')).toEqual({ caches: 0, fileBytes: null, lagEntriesMax: null });
});
