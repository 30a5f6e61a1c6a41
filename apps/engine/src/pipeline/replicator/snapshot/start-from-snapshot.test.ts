import { createHash } from 'node:crypto';
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { silentLog } from '@emcachers/core/log';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { openTestOplog, type TestOplog } from '../../../../test/support/test-oplog.ts';
import { deletion, expectedRows, scanToLive, upsert } from '../../../../test/support/test-page.ts';
import { cachedRows, startReplicator, temporaryDirectory } from '../../../../test/support/test-replicator.ts';
import {
  fileOf,
  manifestsIn,
  readManifestAt,
  rewriteManifest,
  snapshot,
} from '../../../../test/support/test-snapshots.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { CompactionRun } from '../../oplog/compaction/compaction-run.ts';

const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `d${index}`);

/** 1,000 documents, their cache on a first node, a snapshot of it in a folder, and then changes. */
async function openWorld() {
  const oplog = await openTestOplog();
  const directory = temporaryDirectory();
  const [first, folder, second] = ['first', 'folder', 'second'].map((name) => join(directory.path, name)) as [
    string,
    string,
    string,
  ];
  await oplog.create('x');
  const x = await scanToLive(oplog, 'x', ids(1_000));
  const { database } = oplog;
  {
    await using running = await startReplicator({
      ...{ database, dataDirectory: first, nodeId: 'first' },
      snapshots: { directory: folder },
    });
    await running.level('x', (await oplog.page()).head);
    expect(await snapshot(oplog, running, { entityId: x, nodeId: 'first' })).toMatchObject({ state: 'ready' });
  }
  const [manifest = ''] = manifestsIn(folder);
  await oplog.append(...ids(100).map((docId) => deletion(x, docId)));
  await oplog.append(...[...ids(300).slice(200), 'new'].map((docId) => upsert(x, docId, [2, 'changed'])));
  return {
    ...{ oplog, x, folder, first, second, manifest },
    async [Symbol.asyncDispose]() {
      await oplog[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

interface Line {
  readonly message: string;
  readonly fields: { readonly reason?: string; readonly code?: string };
}

/** Starts a second node without caches, which looks for snapshots in the folder. It must end with the right rows in every case. */
async function startSecond({ oplog, x, folder, second }: Awaited<ReturnType<typeof openWorld>>) {
  const lines: Line[] = [];
  const note = (fields: object, message: string) => void lines.push({ message, fields });
  const log = { ...silentLog, info: note, warn: note };
  await using running = await startReplicator({
    ...{ database: oplog.database, dataDirectory: second, nodeId: 'second', log },
    snapshots: { startDirectory: folder },
  });
  const status = await running.level('x', (await oplog.page()).head);
  expect(cachedRows(second, 'x')).toEqual(await expectedRows(oplog, x));
  const said = lines.filter(({ message }) => /snapshot/i.test(message));
  return {
    status,
    said: said.map(({ message, fields }) =>
      [message, fields.code, fields.reason].filter((part) => part !== undefined).join(' '),
    ),
  };
}

function compact(oplog: TestOplog, entityId: number) {
  const options = { giveUpMs: 0, tombstoneMs: 0, entriesMin: 1, chunkEntriesMax: 50, sliceEntriesMax: 200 };
  const dependencies = { database: oplog.database, epoch: oplog.epoch, clock: systemClock, options };
  return new CompactionRun(dependencies, entityId, new AbortController().signal).run();
}

const started = 'The cache starts from a snapshot.';

describe('a node without a cache', () => {
  test('starts from a snapshot of another node, reads only what follows it, and has equal rows (I1)', async () => {
    await using world = await openWorld();
    const { status, said } = await startSecond(world);
    expect(said).toEqual([started]);
    // The 1,000 documents of the snapshot were not read from the oplog.
    expect(status).toMatchObject({ generation: 1, documents: 901, appliedTotal: 201, error: null });
  });

  test('takes the furthest of several snapshots', async () => {
    await using world = await openWorld();
    const { oplog, x, first, folder } = world;
    {
      await using running = await startReplicator({
        ...{ database: oplog.database, dataDirectory: first, nodeId: 'first' },
        snapshots: { directory: folder },
      });
      await running.level('x', (await oplog.page()).head);
      await snapshot(oplog, running, { entityId: x, nodeId: 'first' });
    }
    expect(manifestsIn(folder)).toHaveLength(2);
    const { status, said } = await startSecond(world);
    expect([said, status.appliedTotal]).toEqual([[started], 0]);
  });

  test('whose newest snapshot is damaged takes the next', async () => {
    await using world = await openWorld();
    const { folder, manifest } = world;
    cpSync(join(folder, 'first'), join(folder, 'copy'), { recursive: true });
    flipBit(fileOf(join(folder, 'copy/x', basename(manifest))));
    const { said } = await startSecond(world);
    expect(said.toSorted()).toEqual([expect.stringContaining('its checksum differs'), started]);
  });
});

describe('a snapshot is ignored, the log says why, and the cache is built from the oplog, if it', () => {
  type World = Awaited<ReturnType<typeof openWorld>>;
  const unused = 'A snapshot cannot be used and is ignored. EMC-4009';
  const unfit = 'A snapshot does not fit and is ignored.';
  const cases: readonly (readonly [string, string, (world: World) => Promise<void> | void])[] = [
    ['has one flipped bit', `${unused} its checksum differs`, ({ manifest }) => flipBit(fileOf(manifest))],
    ['is truncated', `${unused} it has 4096 bytes`, ({ manifest }) => truncateSync(fileOf(manifest), 4_096)],
    ['lacks its file', `${unused} EMC-4003`, ({ manifest }) => rmSync(fileOf(manifest))],
    [
      'lacks a readable manifest',
      'A snapshot is ignored. it is no manifest',
      ({ manifest }) => truncateSync(manifest, 40),
    ],
    [
      'is of another entity',
      `${unfit} It is of another entity.`,
      ({ manifest }) => rewriteManifest(manifest, { entityId: 7 }),
    ],
    [
      'is of another shape',
      `${unfit} It is of another shape.`,
      ({ manifest }) => rewriteManifest(manifest, { shapeHash: 'other' }),
    ],
    [
      'is of another history',
      `${unfit} It is of another oplog history.`,
      ({ manifest }) => rewriteManifest(manifest, { historyId: 'other' }),
    ],
    [
      'says that it is of this shape, and its file is of another',
      `${unused} its file has another shapeHash`,
      otherFile,
    ],
    ['is of a term that a restored PostgreSQL has lost', `${unfit} PostgreSQL was restored`, forgetTerm],
    [
      'is beyond the newest entry',
      `${unfit} PostgreSQL was rewound`,
      ({ manifest }) => rewriteManifest(manifest, { offset: 1e6 }),
    ],
    ['is below the horizon', `${unfit} Compaction has removed entries up to`, belowHorizon],
    ['was made before a rebuild was requested', `${unfit} It was made before a rebuild was requested.`, requestRebuild],
  ];

  test.each(cases)('%s', async (_, line, spoil) => {
    await using world = await openWorld();
    await spoil(world);
    const { status, said } = await startSecond(world);
    expect(said).toEqual([expect.stringContaining(line)]);
    expect(status).toMatchObject({ generation: 1, documents: 901, error: null });
    expect(status.appliedTotal).toBeGreaterThanOrEqual(901);
  });

  function otherFile({ manifest }: World): void {
    const file = new Sqlite(fileOf(manifest));
    file.exec(`UPDATE metadata SET value = '"other"' WHERE key = 'shapeHash'`);
    file.close();
    rewriteManifest(manifest, { sha256: sha256Of(fileOf(manifest)) });
  }

  async function forgetTerm({ oplog }: World): Promise<void> {
    await oplog.database.pool.query('UPDATE leader_term SET term_id = gen_random_uuid()');
  }

  async function belowHorizon({ oplog, x }: World): Promise<void> {
    expect(await compact(oplog, x)).toMatchObject({ kind: 'done' });
  }

  async function requestRebuild({ oplog, x }: World): Promise<void> {
    await oplog.database.pool.query('UPDATE entity SET rebuild_requested = 1 WHERE id = $1', [x]);
  }
});

describe('a node with a cache', () => {
  test('below the horizon starts from a snapshot at or above it, and the old file serves until the new one is level (I8)', async () => {
    await using world = await openWorld();
    const { oplog, x, first, folder, manifest } = world;
    // The cache of the first node stays where it is, while a third node makes a newer snapshot and compaction overtakes the old one.
    const third = join(folder, '..', 'third');
    await using running = await startReplicator({
      ...{ database: oplog.database, dataDirectory: third, nodeId: 'third' },
      snapshots: { directory: folder },
    });
    await running.level('x', (await oplog.page()).head);
    expect(await snapshot(oplog, running, { entityId: x, nodeId: 'third' })).toMatchObject({ state: 'ready' });
    await compact(oplog, x);
    await oplog.append(upsert(x, 'later', [3, 'later']));
    const { status, said } = await startSecond({ ...world, second: first });
    expect(said).toEqual([started]);
    expect(status).toMatchObject({ generation: 2, appliedTotal: 1, error: null });
    expect(readManifestAt(manifest).offset).toBeLessThan(status.offset ?? 0);
  });

  test('that is damaged starts from a snapshot', async () => {
    await using world = await openWorld();
    const { first, second } = world;
    cpSync(first, second, { recursive: true });
    const cache = join(second, 'dbs/x/db.g1.sqlite');
    writeFileSync(cache, Buffer.alloc(readFileSync(cache).length));
    const { status, said } = await startSecond(world);
    expect(said).toEqual([started]);
    expect(status).toMatchObject({ generation: 2, appliedTotal: 201 });
  });
});

function flipBit(path: string): void {
  const bytes = readFileSync(path);
  const place = Math.floor(bytes.length / 2);
  bytes[place] = (bytes[place] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

function sha256Of(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
