import { join } from 'node:path';
import { requestRebuild, setIndexes } from '@emcachers/db/control/entity-requests';
import { listOffsets } from '@emcachers/db/control/offset-reports';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { openTestOplog } from '../../../test/support/test-oplog.ts';
import { expectedRows, scanToLive, upsert } from '../../../test/support/test-page.ts';
import { cachedRows, startReplicator, temporaryDirectory } from '../../../test/support/test-replicator.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { CacheStore } from '../sqlite-cache/sqlite-cache.ts';
import { openCacheStore } from '../sqlite-cache/threaded-cache-store.ts';
import { CacheIndexing } from './cache-indexing.ts';

const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `o${index}`);

async function setUp() {
  const oplog = await openTestOplog();
  const directory = temporaryDirectory();
  const created = await oplog.create('orders');
  const [column] = (await oplog.entity('orders')).columns;
  const index = { columns: [column?.name ?? ''] };
  return {
    oplog,
    index,
    entityId: created.entityId,
    dataDirectory: directory.path,
    parts: { database: oplog.database, dataDirectory: directory.path },
    async [Symbol.asyncDispose]() {
      await oplog[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

function indexesOf(dataDirectory: string): unknown[] {
  const database = new Sqlite(join(dataDirectory, 'dbs/orders/db.sqlite'), { readonly: true });
  try {
    return database.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'emc:%'").pluck().all();
  } finally {
    database.close();
  }
}

/** Notes the calls in their order. */
function notingStore(dataDirectory: string, calls: string[]): () => CacheStore {
  return () => {
    const store = openCacheStore({ clock: systemClock, dataDirectory, graceMs: 200 });
    return {
      ...store,
      changeIndexes: async (identity, declared) => {
        calls.push('index');
        const answer = await store.changeIndexes(identity, declared);
        calls.push('indexed');
        return answer;
      },
      apply: (batch) => {
        calls.push('apply');
        return store.apply(batch);
      },
      publish: (entityId) => {
        calls.push('publish');
        return store.publish(entityId);
      },
    };
  };
}

describe('the indexes of a cache', () => {
  test('are built in a new file once it is complete and before it is published, and nothing is applied meanwhile', async () => {
    await using world = await setUp();
    const { oplog, parts, dataDirectory, index, entityId } = world;
    await setIndexes(oplog.database, { entityId, indexes: [index] });
    const orders = await scanToLive(oplog, 'orders', ids(300));
    const calls: string[] = [];
    const openStore = notingStore(dataDirectory, calls);
    await using running = await startReplicator({ ...parts, openStore }, { catchUpRowsMax: 50 });
    const { head } = await oplog.page();
    const level = await running.level('orders', head);
    expect(level.indexes).toEqual([{ columns: index.columns, state: 'ready', reason: null }]);
    expect(indexesOf(dataDirectory)).toEqual([`emc:${index.columns.join()}`]);
    const once = calls.filter((call) => call !== 'apply');
    expect(once).toEqual(['index', 'indexed', 'publish']);
    expect(calls[calls.indexOf('index') + 1]).toBe('indexed');
    expect(calls.indexOf('index')).toBeGreaterThan(5);
    expect(cachedRows(dataDirectory, 'orders')).toEqual(await expectedRows(oplog, orders));
  });

  test('change in the published file, without another generation, while entries go on arriving', async () => {
    await using world = await setUp();
    const { oplog, parts, dataDirectory, index, entityId } = world;
    const orders = await scanToLive(oplog, 'orders', ids(300));
    await using running = await startReplicator(parts);
    const before = await running.level('orders', (await oplog.page()).head);
    expect(before.indexes).toEqual([]);
    await setIndexes(oplog.database, { entityId, indexes: [index] });
    for (let round = 0; round < 20; round += 1) await oplog.append(upsert(orders, `o${round}`, [round, 'changed']));
    await running.until('the index', () => running.status('orders')?.indexes[0]?.state === 'ready');
    const { head } = await oplog.page();
    expect(await running.level('orders', head)).toMatchObject({ generation: 1, documents: 300, error: null });
    expect(cachedRows(dataDirectory, 'orders')).toEqual(await expectedRows(oplog, orders));
    await setIndexes(oplog.database, { entityId, indexes: [] });
    await running.until('no index', () => indexesOf(dataDirectory).length === 0);
    expect((await running.level('orders', head)).generation).toBe(1);
  });

  test('are in a rebuilt file before readers get it', async () => {
    await using world = await setUp();
    const { oplog, parts, dataDirectory, index, entityId } = world;
    await setIndexes(oplog.database, { entityId, indexes: [index] });
    await scanToLive(oplog, 'orders', ids(300));
    await using running = await startReplicator(parts);
    await running.level('orders', (await oplog.page()).head);
    await requestRebuild(oplog.database, entityId);
    await running.until('the second generation', () => {
      const status = running.status('orders');
      return status?.generation === 2 && status.state === 'level';
    });
    expect(indexesOf(dataDirectory)).toEqual([`emc:${index.columns.join()}`]);
  });

  test('that cannot be built are reported with the reason, and the cache is published and follows without them', async () => {
    await using world = await setUp();
    const { oplog, parts, dataDirectory, index, entityId } = world;
    await setIndexes(oplog.database, { entityId, indexes: [index] });
    const orders = await scanToLive(oplog, 'orders', ids(30));
    let isFull = true;
    const openStore = (): CacheStore => {
      const store = openCacheStore({ clock: systemClock, dataDirectory, graceMs: 200 });
      const changeIndexes: CacheStore['changeIndexes'] = async (identity, declared) => {
        const { state } = await store.changeIndexes(identity, isFull ? [] : declared);
        const failures = isFull ? [{ name: `emc:${index.columns.join()}`, reason: 'no space is left' }] : [];
        return { state, failures };
      };
      return { ...store, changeIndexes };
    };
    await using running = await startReplicator({ ...parts, openStore });
    const level = await running.level('orders', (await oplog.page()).head);
    const failed = [{ columns: index.columns, state: 'failed', reason: 'no space is left' }];
    expect(level).toMatchObject({ published: true, error: null, indexes: failed });
    await oplog.append(upsert(orders, 'o1', [1, 'changed']));
    await running.level('orders', (await oplog.page()).head);
    const reported = async () => (await listOffsets(oplog.database))[0]?.indexes;
    await expect.poll(reported, { timeout: 10_000 }).toEqual(failed);
    isFull = false;
    await running.until('the next attempt', () => running.status('orders')?.indexes[0]?.state === 'ready');
    expect(indexesOf(dataDirectory)).toEqual([`emc:${index.columns.join()}`]);
  });
});

test('a failed attempt delays the next one, unless other indexes are declared or the file is another one', () => {
  const indexing = new CacheIndexing();
  const file = { declared: [{ columns: ['n'] }], state: { generation: 1, indexes: [] } };
  const failures = [{ name: 'emc:n', reason: 'full' }];
  const random = () => 1;
  expect(indexing.isDue(file, 0)).toBe(true);
  indexing.ended({ file, failures, nowMs: 0, random });
  const first = indexing.delayMs(file, 0) ?? 0;
  expect(first).toBeGreaterThan(500);
  expect(indexing.isDue(file, first - 1)).toBe(false);
  expect(indexing.isDue(file, first)).toBe(true);
  indexing.ended({ file, failures, nowMs: first, random });
  expect(indexing.delayMs(file, first)).toBeGreaterThan(first);
  expect(indexing.isDue({ ...file, state: { generation: 2, indexes: [] } }, first)).toBe(true);
  expect(indexing.isDue({ ...file, declared: [{ columns: ['m'] }] }, first)).toBe(true);
  expect(indexing.delayMs({ ...file, state: { generation: 1, indexes: ['emc:n'] } }, first)).toBeNull();
});
