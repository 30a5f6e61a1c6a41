import { expect, test } from 'vitest';
import type { CacheState } from '../sqlite-cache/cache-types.ts';
import { EntityCache, type ReplicatedEntity } from './entity-cache.ts';

const entity: ReplicatedEntity = {
  entityId: 1,
  entityName: 'orders',
  streamId: 1,
  columns: [],
  shapeHash: 'shape',
  lifecycle: 'live',
  paused: false,
  liveFromId: 10,
  rebuildRequested: 1,
  indexes: [],
};

function stateAt(offset: number, sourceTime: bigint | null, published: boolean): CacheState {
  const file = { generation: published ? 1 : 2, fileBytes: 1, path: 'db.sqlite', file: 'db.g.sqlite' };
  return { ...file, offset, sourceTime, published, served: true, documents: 1, termId: null, horizon: 0, indexes: [] };
}

/** A level cache that is complete to 50, beside a served file that is at this place. */
function beside(served: CacheState | null): EntityCache {
  const cache = new EntityCache(entity, 'history');
  cache.served = new EntityCache(entity, 'history', { isServed: true });
  cache.served.state = served;
  cache.opened(stateAt(50, null, false));
  cache.handle({ kind: 'ready' });
  cache.handle({ kind: 'caught-up' });
  return cache;
}

test('a new file is not published while it is behind the entries of the served one (I8)', () => {
  const cache = beside(stateAt(60, null, true));
  expect(cache.isDue).toBe(false);
  cache.advance({ end: 59, sourceTime: null, isAtHead: true });
  expect(cache.isDue).toBe(false);
  cache.advance({ end: 60, sourceTime: null, isAtHead: true });
  expect(cache.isDue).toBe(true);
});

test('a new file is not published while it is behind the source time of the served one (I8)', () => {
  const cache = beside(stateAt(50, 7n, true));
  expect(cache.isDue).toBe(false);
  cache.advance({ end: 50, sourceTime: 6n, isAtHead: true });
  expect(cache.isDue).toBe(false);
  cache.advance({ end: 50, sourceTime: 7n, isAtHead: true });
  expect(cache.isDue).toBe(true);
});

test('a source time that is not known yet is waited for, and one that cannot be known is not', () => {
  const cache = beside(stateAt(50, 7n, true));
  cache.advance({ end: 55, sourceTime: null, isAtHead: false });
  expect(cache.isDue).toBe(false);
  cache.advance({ end: 60, sourceTime: null, isAtHead: true });
  expect(cache.isDue).toBe(true);
});

test('a served file whose place says nothing about the new one does not hold it back', () => {
  expect(beside(null).isDue).toBe(true);
});

test('while a new file is built, the offset that is reported is that of the file which is further behind (I12)', () => {
  const cache = beside(null);
  cache.served?.opened(stateAt(40, null, true));
  expect(cache.status().offset).toBe(40);
  cache.served?.advance({ end: 60, sourceTime: null, isAtHead: true });
  expect(cache.status().offset).toBe(50);
  cache.advance({ end: 70, sourceTime: null, isAtHead: true });
  expect(cache.status().offset).toBe(60);
  cache.served = null;
  expect(cache.status().offset).toBe(70);
});
