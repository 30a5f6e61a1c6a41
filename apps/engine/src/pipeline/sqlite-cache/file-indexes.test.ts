import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { batchOf, identity, temporaryDirectory } from '../../../test/support/test-cache.ts';
import { systemClock } from '../../runtime/clock.ts';
import { CacheFile } from './cache-file.ts';
import { checkStructure } from './check-structure.ts';
import { openCacheStore } from './threaded-cache-store.ts';

const onN = { columns: ['n'] };
const onBoth = { columns: ['select', 'n'] };
const rows = (count: number) => Array.from({ length: count }, (_, index) => [`doc ${index}`, index % 100] as const);

function planOf(path: string, where: string): string {
  const database = new Sqlite(path, { readonly: true });
  try {
    return database
      .prepare<[], { detail: string }>(`EXPLAIN QUERY PLAN SELECT * FROM orders WHERE ${where}`)
      .all()
      .map(({ detail }) => detail)
      .join();
  } finally {
    database.close();
  }
}

async function openStore() {
  const directory = temporaryDirectory();
  const store = openCacheStore({ clock: systemClock, dataDirectory: directory.path });
  return {
    store,
    directory: directory.path,
    link: join(directory.path, 'dbs/orders/db.sqlite'),
    async [Symbol.asyncDispose]() {
      await store.close();
      directory[Symbol.dispose]();
    },
  };
}

test('declared indexes are built in the published file, used by queries, kept over a restart and dropped again', async () => {
  await using world = await openStore();
  const { store, link } = world;
  await store.build(identity);
  await store.apply(batchOf(0, ...rows(500)));
  const { generation } = await store.publish(1);
  expect(planOf(link, 'n = 7')).toContain('SCAN orders');
  const built = await store.changeIndexes(identity, [onN, onBoth]);
  expect(built).toMatchObject({ failures: [], state: { generation, indexes: ['emc:n', 'emc:select,n'] } });
  expect(planOf(link, 'n = 7')).toContain('USING INDEX emc:n (n=?)');
  expect(await store.apply(batchOf(500, ['doc 1', 7]))).toMatchObject({ documents: 500, offset: 501 });
  expect(await store.tend()).toEqual([]);
  await store.release(1);
  expect(await store.open(identity)).toMatchObject({ kind: 'present', state: { indexes: ['emc:n', 'emc:select,n'] } });
  const changed = await store.changeIndexes(identity, [onBoth]);
  expect(changed).toMatchObject({ failures: [], state: { generation, indexes: ['emc:select,n'] } });
  await store.check(1, { thorough: true });
});

test('an index that an operator made by hand is left alone', async () => {
  await using world = await openStore();
  const { store, directory } = world;
  await store.build(identity);
  const { file } = await store.publish(1);
  await store.release(1);
  const byHand = new Sqlite(file);
  byHand.exec('CREATE INDEX mine ON orders (n)');
  byHand.close();
  await store.open(identity);
  expect(await store.changeIndexes(identity, [])).toMatchObject({ failures: [], state: { indexes: [] } });
  expect(planOf(join(directory, 'dbs/orders/db.sqlite'), 'n = 7')).toContain('mine');
});

test('while an index is built, readers read every row and another cache of the same thread is written', async () => {
  await using world = await openStore();
  const { store, link } = world;
  const other = { ...identity, entityId: 2, entityName: 'others' };
  await store.build(other);
  await store.build(identity);
  const count = 60_000;
  await store.apply(batchOf(0, ...rows(count)));
  await store.publish(1);
  const reader = new Sqlite(link, { readonly: true });
  const countRows = reader.prepare('SELECT count(*) FROM orders').pluck();
  let isBuilding = true;
  const changing = store.changeIndexes(identity, [onN, onBoth]).finally(() => {
    isBuilding = false;
  });
  const counts = new Set<unknown>();
  let applied = 0;
  // Each apply goes through the thread, so these are answered while the other thread builds.
  for (; isBuilding; applied += 1) {
    await store.apply({ ...batchOf(applied, ['a', applied]), entityId: 2 });
    counts.add(countRows.get());
  }
  const { failures } = await changing;
  reader.close();
  expect({ failures, counts: [...counts] }).toEqual({ failures: [], counts: [count] });
  expect(applied).toBeGreaterThan(5);
});

test('an index that cannot be built is a failure with its reason; the file stays usable and gets the index later', async () => {
  await using world = await openStore();
  const { store } = world;
  await store.build(identity);
  await store.apply(batchOf(0, ...rows(100)));
  const { file } = await store.publish(1);
  const writer = new Sqlite(file);
  writer.exec('BEGIN IMMEDIATE');
  const refused = await store.changeIndexes(identity, [onN]);
  expect(refused).toMatchObject({
    state: { indexes: [], documents: 100 },
    failures: [{ name: 'emc:n', reason: expect.stringContaining('SQLITE_BUSY') }],
  });
  writer.exec('ROLLBACK');
  writer.close();
  expect(await store.changeIndexes(identity, [onN])).toMatchObject({ failures: [], state: { indexes: ['emc:n'] } });
});

test('a thorough check finds a declared index that does not agree with its table', () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'db.g1.sqlite');
  const file = CacheFile.create(path, identity, 1);
  file.apply(batchOf(0, ...Array.from({ length: 1_500 }, (_, index) => [`doc ${index}`, 1_000 + index] as const)));
  expect(file.changeIndexes([onN])).toEqual([]);
  file.complete();
  file.close();
  const database = new Sqlite(path, { readonly: true });
  const pages = database
    .prepare<[string], number>("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'")
    .pluck();
  const [page = 0] = pages.all('emc:n');
  database.close();
  const sound = readFileSync(path);
  // The cell content area is at the end of a page: the last byte belongs to the first key that was written.
  const damagedPath = join(directory.path, 'damaged.sqlite');
  copyFileSync(path, damagedPath);
  sound[page * 4096 - 3] = (sound[page * 4096 - 3] ?? 0) ^ 1;
  writeFileSync(damagedPath, sound);
  const check = { path: damagedPath, entityId: identity.entityId };
  checkStructure({ ...check, path, thorough: true });
  expect(() => checkStructure({ ...check, thorough: true })).toThrow('EMC-4001');
});
