import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { chmodSync, readdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import process from 'node:process';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { batchOf, identity, temporaryDirectory } from '../../../../test/support/test-cache.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { checkStructure } from '../check-structure.ts';
import { openCacheStore } from '../threaded-cache-store.ts';
import type { FoundSnapshot } from './snapshot-paths.ts';
import { openSnapshotStore, type SnapshotStoreOptions } from './snapshot-store.ts';

const rows = 4_000;
const never = new AbortController().signal;

/** A published cache of 4,000 rows, and the store of its snapshots. */
async function setUp(options: Partial<SnapshotStoreOptions> = {}) {
  const directory = temporaryDirectory();
  const dataDirectory = directory.path;
  const caches = openCacheStore({ clock: systemClock, dataDirectory, graceMs: 0 });
  await caches.build(identity);
  const all = Array.from({ length: rows }, (_, index): [string, number] => [`d${index}`, 0]);
  await caches.apply(batchOf(0, ...all));
  await caches.publish(1);
  const snapshots = openSnapshotStore({ dataDirectory, nodeId: 'n1', freeBytesMin: 0, ...options });
  const make = async (signal = never, onProgress: (bytes: number) => void = () => undefined) => {
    const snapshotId = randomUUID();
    await snapshots.make({ snapshotId, identity, nowMs: systemClock.nowMs(), signal, onProgress });
    const [found] = (await snapshots.own()).filter(({ manifest }) => manifest.snapshotId === snapshotId);
    if (found === undefined) throw new Error('The snapshot is not listed.');
    return found;
  };
  return {
    ...{ caches, snapshots, make, dataDirectory },
    async [Symbol.asyncDispose]() {
      await caches.close();
      directory[Symbol.dispose]();
    },
  };
}

type World = Awaited<ReturnType<typeof setUp>>;

/** Starts a new generation from the snapshot. */
async function start({ caches, snapshots }: World, snapshot: FoundSnapshot) {
  const { generation, file } = await caches.prepare(identity);
  await snapshots.copy(snapshot, { generation, target: file, signal: never });
  return caches.adopt({ identity, generation });
}

function contents(path: string): Map<string, unknown> {
  const database = new Sqlite(path, { readonly: true, fileMustExist: true });
  const all = database.prepare<[], { doc_id: string; n: number }>('SELECT doc_id, n FROM orders').all();
  database.close();
  return new Map(all.map((row) => [row.doc_id, row.n]));
}

describe('a snapshot', () => {
  test('is one state of a cache that goes on changing, in one file, and holds neither the writer nor readers up', async () => {
    await using world = await setUp({ bytesPerSecond: 200_000 });
    const { caches, make, dataDirectory } = world;
    let copied = 0;
    const making = make(never, (bytes) => {
      copied = bytes;
    });
    let isMade = false;
    void making.then(() => {
      isMade = true;
    });
    const reader = new Sqlite(join(dataDirectory, 'dbs/orders/db.sqlite'), { readonly: true });
    const waits: number[] = [];
    // Each transaction writes its number into every tenth row, so a mix of two transactions shows.
    let offset = rows;
    let round = 0;
    while (!isMade) {
      round += 1;
      const touched = Array.from({ length: rows / 10 }, (_, index): [string, number] => [`d${index * 10}`, round]);
      const startedAtMs = systemClock.monotonicMs();
      ({ offset } = await caches.apply(batchOf(offset, ...touched)));
      expect(reader.prepare('SELECT count(*) FROM orders WHERE n = ?').pluck().get(round)).toBe(rows / 10);
      waits.push(systemClock.monotonicMs() - startedAtMs);
    }
    reader.close();
    const { manifest, files } = await making;
    expect(round).toBeGreaterThan(20);
    expect(copied).toBeGreaterThan(rows * 20);
    // The copy took more than a second; no transaction waited for it.
    expect(Math.max(...waits)).toBeLessThan(1_000);
    expect(readdirSync(dirname(files.database)).toSorted()).toEqual(
      [`${manifest.snapshotId}.json`, `${manifest.snapshotId}.sqlite`].toSorted(),
    );
    const inFile = contents(files.database);
    const changed = new Set([...inFile].filter(([docId]) => docId.endsWith('0')).map(([, n]) => n));
    expect(changed.size).toBe(1);
    const [state] = changed;
    expect(manifest).toMatchObject({ entityName: 'orders', documents: rows, nodeId: 'n1', rebuild: 0 });
    expect(manifest.offset).toBe(rows + (Number(state) * rows) / 10);
    checkStructure({ path: files.database, entityId: 1, thorough: true });
  });

  test('can be read by a user who may not write to its directory', async ({ skip }) => {
    if (process.getuid?.() !== 0 || spawnSync('sqlite3', ['--version']).status !== 0)
      skip('needs root (to read as another user) and the sqlite3 command');
    await using world = await setUp();
    const { files } = await world.make();
    for (const path of [world.dataDirectory, join(world.dataDirectory, 'snapshots')]) chmodSync(path, 0o755);
    const nobody = { uid: 65_534, gid: 65_534 };
    const read = (sql: string) =>
      spawnSync('sqlite3', ['-readonly', files.database, sql], { ...nobody, encoding: 'utf8' });
    expect(read('SELECT count(*) FROM orders').stdout).toBe(`${rows}\n`);
    // It has no keys of changed rows: nobody follows the file.
    expect(read("SELECT group_concat(name) FROM sqlite_schema WHERE type = 'table'").stdout).toBe('metadata,orders\n');
  });

  test('becomes a new generation that continues from its offset', async () => {
    await using world = await setUp();
    const { caches, make, dataDirectory } = world;
    const snapshot = await make();
    await caches.apply(batchOf(rows, ['d1', 7], ['d2', null]));
    const state = await start(world, snapshot);
    expect(state).toMatchObject({ generation: 2, offset: rows, documents: rows, published: false, served: true });
    await caches.apply(batchOf(rows, ['d1', 7], ['d2', null], ['e', 8]));
    expect(await caches.publish(1)).toMatchObject({ generation: 2, documents: rows, published: true });
    const now = contents(join(dataDirectory, 'dbs/orders/db.sqlite'));
    expect([now.get('d1'), now.has('d2'), now.get('e'), now.size]).toEqual([7, false, 8, rows]);
    // The snapshot itself is as it was.
    expect(contents(snapshot.files.database).get('d1')).toBe(0);
  });

  test('is refused without a cache or without space, and leaves nothing behind', async () => {
    await using world = await setUp({ freeBytesMin: Number.MAX_SAFE_INTEGER });
    await expect(world.make()).rejects.toMatchObject({ code: 'EMC-4008', detail: expect.stringContaining('MB free') });
    rmSync(join(world.dataDirectory, 'dbs/orders/db.sqlite'));
    await expect(world.make()).rejects.toMatchObject({
      code: 'EMC-4009',
      detail: 'This node has no published cache of orders.',
    });
    expect(await world.snapshots.own()).toEqual([]);
    expect(await world.snapshots.removeUnfinished()).toEqual([]);
  });

  test('that is cancelled ends at its next step and leaves nothing behind', async () => {
    await using world = await setUp({ bytesPerSecond: 50_000 });
    const stop = new AbortController();
    const making = world.make(stop.signal, (bytes) => {
      if (bytes > 0) stop.abort();
    });
    await expect(making).rejects.toMatchObject({ code: 'EMC-4009', detail: 'It was cancelled.' });
    expect(readdirSync(join(world.dataDirectory, 'snapshots/n1/orders'))).toEqual([]);
  });

  test('of a file that a requested rebuild is about to replace is refused', async () => {
    await using world = await setUp();
    const request = { snapshotId: randomUUID(), nowMs: 0, signal: never, onProgress: () => undefined };
    const making = world.snapshots.make({ ...request, identity: { ...identity, rebuildRequested: 1 } });
    await expect(making).rejects.toMatchObject({ code: 'EMC-4009', detail: expect.stringContaining('built again') });
  });
});

describe('a snapshot that is not what its manifest says', () => {
  const spoilers: readonly (readonly [string, RegExp, (snapshot: FoundSnapshot) => void])[] = [
    ['with one flipped bit', /checksum differs/, ({ files }) => flipBit(files.database)],
    [
      'that was truncated',
      /bytes, and its manifest says/,
      ({ files, manifest }) => truncateSync(files.database, manifest.bytes - 4_096),
    ],
    ['whose file is missing', /ENOENT/, ({ files }) => rmSync(files.database)],
    [
      'whose manifest names another offset',
      /another offset than its manifest/,
      (found) => rewrite(found, { offset: 9 }),
    ],
    ['whose manifest names another history', /another historyId/, (found) => rewrite(found, { historyId: 'other' })],
    ['whose manifest names another shape', /another shapeHash/, (found) => rewrite(found, { shapeHash: 'other' })],
  ];

  test.each(spoilers)('%s is refused, and leaves no file', async (_, reason, spoil) => {
    await using world = await setUp();
    const found = await world.make();
    spoil(found);
    const [spoiled] = (await world.snapshots.find('orders')).found;
    if (spoiled === undefined) throw new Error('It is not listed.');
    await expect(start(world, spoiled)).rejects.toMatchObject({
      code: 'EMC-4009',
      detail: expect.stringMatching(reason),
    });
    const files = readdirSync(join(world.dataDirectory, 'dbs/orders'));
    expect(files.filter((name) => name.includes('g2'))).toEqual([]);
  });

  test('is refused at each of 20 single-bit flips of its file', async () => {
    await using world = await setUp();
    const found = await world.make();
    const whole = readFileSync(found.files.database);
    const { generation, file } = await world.caches.prepare(identity);
    for (let round = 0; round < 20; round += 1) {
      const bytes = Buffer.from(whole);
      const place = Math.floor((round / 20) * bytes.length) + (round % 7);
      bytes[place] = (bytes[place] ?? 0) ^ (1 << (round % 8));
      writeFileSync(found.files.database, bytes);
      const copying = world.snapshots.copy(found, { generation, target: file, signal: never });
      await expect(copying).rejects.toMatchObject({ code: 'EMC-4009' });
    }
  });

  test('or has no readable manifest is listed with the reason, and does not hide others', async () => {
    await using world = await setUp();
    const [broken, sound] = [await world.make(), await world.make()];
    writeFileSync(broken.files.manifest, '{"format":1');
    const { found, unreadable } = await world.snapshots.find('orders');
    expect(found.map(({ manifest }) => manifest.snapshotId)).toEqual([sound.manifest.snapshotId]);
    expect(unreadable).toEqual([{ path: broken.files.manifest, reason: expect.stringContaining('no manifest') }]);
  });
});

test('what a kill leaves half made is removed, and nothing else is', async () => {
  await using world = await setUp();
  const found = await world.make();
  const folder = dirname(found.files.database);
  const id = randomUUID();
  const halves = [`${id}.sqlite`, `${id}.json.new`, `${randomUUID()}.sqlite.new`, `${randomUUID()}.sqlite.new-journal`];
  for (const name of [...halves, 'notes.txt']) writeFileSync(join(folder, name), 'x');
  expect((await world.snapshots.removeUnfinished()).toSorted()).toEqual(
    halves.map((name) => join(folder, name)).toSorted(),
  );
  const left = ['notes.txt', `${found.manifest.snapshotId}.json`, `${found.manifest.snapshotId}.sqlite`];
  expect(readdirSync(folder).toSorted()).toEqual(left.toSorted());
});

test('snapshots are found in the folder to start from, also where the directories of the entities were copied alone', async () => {
  await using world = await setUp();
  const found = await world.make();
  using elsewhere = temporaryDirectory();
  renameSync(join(world.dataDirectory, 'snapshots/n1/orders'), join(elsewhere.path, 'orders'));
  expect((await world.snapshots.find('orders')).found).toEqual([]);
  const options = { dataDirectory: world.dataDirectory, nodeId: 'n2', startDirectory: elsewhere.path };
  const other = openSnapshotStore(options);
  expect((await other.find('orders')).found.map(({ manifest }) => manifest)).toEqual([found.manifest]);
  expect(await other.own()).toEqual([]);
});

function flipBit(path: string): void {
  const bytes = readFileSync(path);
  const place = Math.floor(bytes.length / 2);
  bytes[place] = (bytes[place] ?? 0) ^ 4;
  writeFileSync(path, bytes);
}

function rewrite({ files, manifest }: FoundSnapshot, change: object): void {
  writeFileSync(files.manifest, JSON.stringify({ ...manifest, ...change }));
}
