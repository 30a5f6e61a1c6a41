import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { markDeleting } from '@emcachers/db/control/entity-requests';
import {
  cancelSnapshots,
  requestSnapshotDeletion,
  requestSnapshots,
  snapshotsOfEntity,
  snapshotsOfJob,
} from '@emcachers/db/snapshot/snapshots';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { startReplicator } from '../../../../test/support/test-replicator.ts';
import { manifestsIn, rewriteManifest, snapshot } from '../../../../test/support/test-snapshots.ts';
import { openOrders } from '../../../../test/support/test-verification.ts';
import type { SnapshotLimits } from '../../sqlite-cache/snapshot/snapshot-limits.ts';

type World = Awaited<ReturnType<typeof openOrders>>;

async function start({ oplog, directory }: World, snapshots: Partial<SnapshotLimits> = {}) {
  const running = await startReplicator({ database: oplog.database, dataDirectory: directory.path, snapshots });
  await running.level('orders', (await oplog.page()).head);
  return running;
}

const folderOf = ({ directory }: World): string => join(directory.path, 'snapshots');
const rowsOf = ({ oplog, orders }: World) => snapshotsOfEntity(oplog.database.pool, orders);
const soon = { timeout: 20_000, interval: 20 };

test('a node makes what a job asks for and keeps the newest', async () => {
  await using world = await openOrders();
  const { oplog, orders } = world;
  await using running = await start(world, { kept: 2 });
  const made = [];
  for (let round = 0; round < 3; round += 1) made.push(await snapshot(oplog, running, { entityId: orders }));
  expect(made.map(({ state, manifest }) => [state, manifest?.documents])).toEqual(Array(3).fill(['ready', 2_500]));
  await expect.poll(async () => (await rowsOf(world)).length, soon).toBe(2);
  const kept = made.slice(1).map(({ snapshotId }) => snapshotId);
  expect((await rowsOf(world)).map(({ snapshotId }) => snapshotId).toSorted()).toEqual(kept.toSorted());
  expect(manifestsIn(folderOf(world))).toHaveLength(2);
  expect(made[2]?.path).toBe(join(folderOf(world), 'test/orders', `${made[2]?.snapshotId}.sqlite`));
});

test('a node without the cache, or without space, says so', async () => {
  await using world = await openOrders();
  const { oplog, orders } = world;
  {
    await using running = await start(world, { freeBytesMin: Number.MAX_SAFE_INTEGER });
    expect(await snapshot(oplog, running, { entityId: orders })).toMatchObject({
      state: 'failed',
      errorCode: 'EMC-4008',
    });
  }
  const { entityId } = await oplog.create('pending');
  await using running = await start(world);
  const failed = { state: 'failed', errorCode: 'EMC-4009', message: 'This node has no published cache of it.' };
  expect(await snapshot(oplog, running, { entityId })).toMatchObject(failed);
});

test('a copy of a damaged cache is not kept, and the cache is built again', async () => {
  await using world = await openOrders();
  const { oplog, orders, directory } = world;
  {
    await using _running = await start(world);
  }
  leaveIndexBehind(join(directory.path, 'dbs/orders/db.sqlite'));
  await using running = await start(world);
  const failed = await snapshot(oplog, running, { entityId: orders });
  expect(failed).toMatchObject({ state: 'failed', errorCode: 'EMC-4009', message: expect.stringContaining('index') });
  expect(manifestsIn(folderOf(world))).toEqual([]);
  await running.until('it is built again', () => (running.status('orders')?.generation ?? 0) > 1);
  await running.level('orders', (await oplog.page()).head);
  expect(await snapshot(oplog, running, { entityId: orders })).toMatchObject({ state: 'ready' });
});

test('a cancelled snapshot ends at its next step, and the next one is made', async () => {
  await using world = await openOrders();
  const { oplog, orders } = world;
  const { pool } = oplog.database;
  await using running = await start(world, { bytesPerSecond: 20_000 });
  const jobId = randomUUID();
  await requestSnapshots(pool, { entityId: orders, jobId, nodeIds: ['test'] });
  running.replicator.entitiesChanged();
  const states = async () => (await snapshotsOfJob(pool, jobId)).map(({ state }) => state);
  await expect.poll(states, soon).toEqual(['running']);
  await cancelSnapshots(pool, jobId);
  const entries = () => readdirSync(join(folderOf(world), 'test/orders'));
  await expect.poll(entries, soon).toEqual([]);
  expect(await states()).toEqual(['cancelled']);
  await running[Symbol.asyncDispose]();
  await using next = await start(world);
  expect(await snapshot(oplog, next, { entityId: orders })).toMatchObject({ state: 'ready' });
  expect(await states()).toEqual([]);
});

test('an operator deletes a snapshot, also one whose node is away', async () => {
  await using world = await openOrders();
  const { oplog, orders } = world;
  const { pool } = oplog.database;
  const made = [];
  {
    await using running = await start(world);
    for (let round = 0; round < 2; round += 1) made.push(await snapshot(oplog, running, { entityId: orders }));
    const [first] = made;
    expect(await requestSnapshotDeletion(pool, { entityId: orders, snapshotId: first?.snapshotId ?? '' })).toBe(true);
    running.replicator.entitiesChanged();
    await expect.poll(() => manifestsIn(folderOf(world)).length, soon).toBe(1);
    expect(await requestSnapshotDeletion(pool, { entityId: orders, snapshotId: randomUUID() })).toBe(false);
  }
  await requestSnapshotDeletion(pool, { entityId: orders, snapshotId: made[1]?.snapshotId ?? '' });
  expect((await rowsOf(world)).map(({ state }) => state)).toEqual(['deleting']);
  await using _running = await start(world);
  await expect.poll(() => rowsOf(world), soon).toEqual([]);
  expect(manifestsIn(folderOf(world))).toEqual([]);
});

test('snapshots that were made before a rebuild was requested, and those of deleted entities, are deleted', async () => {
  await using world = await openOrders();
  const { oplog, orders } = world;
  const { pool } = oplog.database;
  await using running = await start(world);
  await snapshot(oplog, running, { entityId: orders });
  await pool.query('UPDATE entity SET rebuild_requested = rebuild_requested + 1 WHERE id = $1', [orders]);
  running.replicator.entitiesChanged();
  await expect.poll(() => manifestsIn(folderOf(world)), soon).toEqual([]);
  await running.until('it is built again', () => running.status('orders')?.generation === 2);
  await running.level('orders', (await oplog.page()).head);
  expect(await snapshot(oplog, running, { entityId: orders })).toMatchObject({ state: 'ready' });
  await markDeleting(oplog.database, orders);
  running.replicator.entitiesChanged();
  await expect.poll(() => manifestsIn(folderOf(world)), soon).toEqual([]);
});

test('the table follows the files: what is gone is forgotten, what returns is listed, and what is of another oplog stays', async () => {
  await using world = await openOrders();
  const { oplog, orders } = world;
  const lookAgain = async () => {
    await using _running = await start(world);
  };
  await using running = await start(world);
  const { path } = await snapshot(oplog, running, { entityId: orders });
  await running[Symbol.asyncDispose]();
  const files = dirname(path ?? '');
  const aside = join(folderOf(world), 'aside');
  renameSync(files, aside);
  await lookAgain();
  expect(await rowsOf(world)).toEqual([]);
  renameSync(aside, files);
  const [manifest = ''] = manifestsIn(files);
  const foreign = join(folderOf(world), 'test/foreign');
  mkdirSync(foreign);
  writeFileSync(join(foreign, `${randomUUID()}.json`), '{"format":2}');
  await lookAgain();
  expect((await rowsOf(world)).map((row) => row.path)).toEqual([path]);
  rewriteManifest(manifest, { historyId: 'other' });
  await lookAgain();
  expect(await rowsOf(world)).toEqual([]);
  expect(existsSync(manifest)).toBe(true);
});

/** Changes a key in the table and not in its index, which SQLite finds only if it compares the two. The engine is stopped. */
function leaveIndexBehind(path: string): void {
  const withSchema = (change: (database: Sqlite.Database) => void): void => {
    const database = new Sqlite(path);
    database.unsafeMode(true);
    database.pragma('writable_schema = ON');
    change(database);
    database.close();
  };
  let stored: unknown[] = [];
  withSchema((database) => {
    stored = database
      .prepare("SELECT type, name, tbl_name, rootpage, sql FROM sqlite_schema WHERE tbl_name = 'orders'")
      .raw()
      .all();
    database.exec(`DELETE FROM sqlite_schema WHERE name = 'sqlite_autoindex_orders_1';
      UPDATE sqlite_schema SET sql = replace(sql, ' PRIMARY KEY', '') WHERE name = 'orders'`);
  });
  withSchema((database) => database.exec("UPDATE orders SET doc_id = 'elsewhere' WHERE doc_id = 'o7'"));
  withSchema((database) => {
    database.exec("DELETE FROM sqlite_schema WHERE tbl_name = 'orders'");
    const insert = database.prepare(
      'INSERT INTO sqlite_schema (type, name, tbl_name, rootpage, sql) VALUES (?, ?, ?, ?, ?)',
    );
    for (const row of stored) insert.run(row);
  });
}
