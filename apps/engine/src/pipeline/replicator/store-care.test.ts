import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { silentLog } from '@emcachers/core/log';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../test/support/test-cache.ts';
import { createLeapingClock } from '../../../test/support/test-clock.ts';
import type { CacheStore } from '../sqlite-cache/sqlite-cache.ts';
import { openCacheStore } from '../sqlite-cache/threaded-cache-store.ts';
import { EntityCache, type ReplicatedEntity } from './entity-cache.ts';
import { StoreCare } from './store-care.ts';

const entity: ReplicatedEntity = {
  entityId: 1,
  entityName: 'orders',
  streamId: 1,
  columns: [{ name: 'n', type: 'Integer', path: 'n' }],
  shapeHash: 'shape',
  lifecycle: 'live',
  paused: false,
  liveFromId: 1,
  rebuildRequested: 0,
  indexes: [],
};

/** A level cache in a real file, whose reader has come to offset 50 without finding rows for it. */
async function levelCache(store: CacheStore): Promise<EntityCache> {
  const cache = new EntityCache(entity, 'history');
  cache.handle({ kind: 'unfit' });
  cache.opened(await store.build(cache.identity));
  cache.handle({ kind: 'ready' });
  cache.handle({ kind: 'caught-up' });
  cache.offset = 50;
  return cache;
}

async function setUp() {
  const directory = temporaryDirectory();
  const clock = createLeapingClock();
  const store = openCacheStore({ clock, dataDirectory: directory.path, graceMs: 200 });
  const cache = await levelCache(store);
  const reports: number[] = [];
  const counted: (number | undefined)[] = [];
  const care = new StoreCare({
    clock,
    log: silentLog,
    store,
    caches: () => [cache],
    followed: () => [cache],
    report: async ({ changed }) => {
      reports.push(changed[0]?.offset ?? -1);
      counted.push(changed[0]?.generations);
    },
  });
  return {
    clock,
    store,
    cache,
    care,
    reports,
    counted,
    directory: directory.path,
    async [Symbol.asyncDispose]() {
      await care.ended();
      await store.close();
      directory[Symbol.dispose]();
    },
  };
}

test('an offset that moved without rows is saved once a minute, so that a restart does not read the pages again', async () => {
  await using parts = await setUp();
  const { care, cache, clock, store } = parts;
  clock.leap(59_000);
  await care.tend();
  expect(cache.state?.offset).toBe(0);
  clock.leap(1_000);
  await care.tend();
  expect(cache.state?.offset).toBe(50);
  await store.release(entity.entityId);
  expect(await store.open(cache.identity)).toMatchObject({ kind: 'present', state: { offset: 50 } });
});

test('a cache whose offset cannot be saved is suspended and retried', async () => {
  await using parts = await setUp();
  const { care, cache, clock, store } = parts;
  await store.remove(entity);
  clock.leap(60_000);
  await care.tend();
  expect(cache.phase).toMatchObject({ kind: 'failed' });
  expect(cache.status().error).not.toBeNull();
});

test('a cache is reported at once when it changed, an offset without rows every 5 s, and all caches every 15 s', async () => {
  await using parts = await setUp();
  const { care, cache, clock, reports } = parts;
  await care.report();
  await care.report();
  expect(reports).toEqual([50]);
  cache.offset = 51;
  clock.leap(4_999);
  await care.report();
  expect(reports).toEqual([50]);
  clock.leap(1);
  await care.report();
  expect(reports).toEqual([50, 51]);
  cache.fail(new EmcachersError({ code: 'EMC-4002', detail: 'The disk is full.' }));
  await care.report();
  await care.report();
  expect(reports).toEqual([50, 51, 51]);
  clock.leap(10_000);
  await care.report();
  expect(reports).toEqual([50, 51, 51, 51]);
});

test('I10: a cache whose directory cannot be read is reported without the count of its generations, until it can', async () => {
  await using parts = await setUp();
  const { care, clock, counted, directory } = parts;
  const own = join(directory, 'dbs', entity.entityName);
  renameSync(own, `${own}.away`);
  writeFileSync(own, 'a file where a directory should be');
  await care.report();
  rmSync(own);
  renameSync(`${own}.away`, own);
  clock.leap(15_000);
  await care.report();
  expect(counted).toEqual([undefined, 1]);
});

test('a generation that is opened again before its check has ended is not checked twice', async () => {
  await using parts = await setUp();
  const { cache, clock, store } = parts;
  const checked = Promise.withResolvers<void>();
  const started: number[] = [];
  const waiting: CacheStore = {
    ...store,
    async check(entityId) {
      started.push(entityId);
      await checked.promise;
    },
  };
  const caches = () => [cache];
  const lists = { caches, followed: caches };
  const care = new StoreCare({ clock, log: silentLog, store: waiting, ...lists, report: async () => undefined });
  for (let opened = 0; opened < 5; opened += 1) care.checkLater(cache);
  await expect.poll(() => started.length).toBe(1);
  care.checkLater(cache);
  checked.resolve();
  // Checks run one after another, so this one begins after all that were asked for before.
  const last = new EntityCache({ ...entity, entityId: 2, entityName: 'last' }, 'history');
  last.opened(await store.build(last.identity));
  care.checkLater(last);
  await expect.poll(() => started).toContain(2);
  await care.ended();
  expect(started).toEqual([1, 2]);
});

test('a cache that was removed before its check is not checked', async () => {
  await using parts = await setUp();
  const { care, cache, store } = parts;
  await store.remove(entity);
  cache.handle({ kind: 'remove' });
  care.checkLater(cache);
  await care.ended();
  expect(cache.status().error).toBeNull();
});
