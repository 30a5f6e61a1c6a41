import { join } from 'node:path';
import { silentLog } from '@emcachers/core/log';
import { createFleetReader } from '@emcachers/db/fleet/read-fleet';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { randomFrom } from '../../../test/support/seeded-random.ts';
import { openTestOplog, type TestOplog } from '../../../test/support/test-oplog.ts';
import { deletion, expectedRows, scanToLive, upsert } from '../../../test/support/test-page.ts';
import { cachedRows, startReplicator, temporaryDirectory } from '../../../test/support/test-replicator.ts';
import { systemClock } from '../../runtime/clock.ts';
import { CompactionRun } from '../oplog/compaction/compaction-run.ts';

const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `d${index}`);

/** `giveUpMs` 0 gives up every cache. */
function compact(oplog: TestOplog, entityId: number, giveUpMs: number) {
  const { database, epoch } = oplog;
  const options = { giveUpMs, tombstoneMs: 0, entriesMin: 1, chunkEntriesMax: 50, sliceEntriesMax: 200 };
  const dependencies = { database, epoch, clock: systemClock, options };
  return new CompactionRun(dependencies, entityId, new AbortController().signal).run();
}

/** Waits until the node has reported that its cache is level: compaction waits for no cache that it does not know. */
async function reported(oplog: TestOplog): Promise<void> {
  const { head } = await oplog.page();
  await expect
    .poll(async () => (await createFleetReader(oplog.database.pool)()).caches.map(({ offset }) => offset), {
      timeout: 20_000,
    })
    .toEqual([head]);
}

/** A node that has seen 300 documents, and is then away while a third of them are deleted and the log is compacted. */
async function leaveBehind(oplog: TestOplog, dataDirectory: string): Promise<number> {
  await oplog.create('x');
  const x = await scanToLive(oplog, 'x', ids(300));
  await using running = await startReplicator({ database: oplog.database, dataDirectory });
  await running.level('x', (await oplog.page()).head);
  await running[Symbol.asyncDispose]();
  await oplog.append(...ids(100).map((docId) => deletion(x, docId)));
  await oplog.append(
    ...ids(300)
      .slice(150)
      .map((docId) => upsert(x, docId, [2, 'new'])),
  );
  expect(await compact(oplog, x, 0)).toMatchObject({ kind: 'done', removed: 350 });
  return x;
}

describe('a node below the horizon', () => {
  test('I8: rebuilds its cache by itself and says so, and the old file serves until the new one is level', async () => {
    await using oplog = await openTestOplog();
    using directory = temporaryDirectory();
    const x = await leaveBehind(oplog, directory.path);
    const warnings: object[] = [];
    const log = { ...silentLog, warn: (fields: object) => void warnings.push(fields) };
    const link = join(directory.path, 'dbs', 'x', 'db.sqlite');
    using reader = openReader(link);
    await using running = await startReplicator({ database: oplog.database, dataDirectory: directory.path, log });
    const counts = new Set<number>();
    await running.until('the cache is rebuilt', () => {
      counts.add(countIn(link));
      return running.status('x')?.generation === 2 && running.status('x')?.state === 'level';
    });
    expect([...counts].filter((count) => count !== 300 && count !== 200)).toEqual([]);
    // An application that has the old file open keeps a whole one.
    expect(reader.count()).toBe(300);
    expect(cachedRows(directory.path, 'x')).toEqual(await expectedRows(oplog, x));
    expect(warnings).toContainEqual(expect.objectContaining({ entityName: 'x', code: 'EMC-3006' }));
    expect(running.status('x')?.error).toBeNull();
  });

  test('continues its build after a restart in the middle of it, and does not start again', async () => {
    await using oplog = await openTestOplog();
    using directory = temporaryDirectory();
    const x = await leaveBehind(oplog, directory.path);
    const { database } = oplog;
    const small = { catchUpRowsMax: 5 };
    for (let restarts = 0; restarts < 3; restarts += 1) {
      await using running = await startReplicator({ database, dataDirectory: directory.path }, small);
      await running.until(
        'some of the build is done',
        () => (running.status('x')?.documents ?? 0) >= 20 * restarts + 5,
      );
    }
    await using running = await startReplicator({ database, dataDirectory: directory.path }, small);
    await running.level('x', (await oplog.page()).head);
    expect(running.status('x')?.generation).toBe(2);
    expect(cachedRows(directory.path, 'x')).toEqual(await expectedRows(oplog, x));
  });

  test('is not below it while it follows: a level cache is never rebuilt', async () => {
    await using oplog = await openTestOplog();
    using directory = temporaryDirectory();
    await oplog.create('x');
    const x = await scanToLive(oplog, 'x', ids(300));
    await using running = await startReplicator({ database: oplog.database, dataDirectory: directory.path });
    await running.level('x', (await oplog.page()).head);
    await reported(oplog);
    const random = randomFrom(7);
    let removed = 0;
    for (let round = 0; round < 20; round += 1) {
      const touched = ids(300).filter(() => random() < 0.2);
      const change = (docId: string) => (random() < 0.3 ? deletion(x, docId) : upsert(x, docId, [round, 'changed']));
      await oplog.append(...touched.map(change));
      removed += (await compact(oplog, x, 3_600_000)).removed;
    }
    await running.level('x', (await oplog.page()).head);
    await reported(oplog);
    removed += (await compact(oplog, x, 3_600_000)).removed;
    expect(removed).toBeGreaterThan(500);
    expect(running.status('x')?.generation).toBe(1);
    expect(cachedRows(directory.path, 'x')).toEqual(await expectedRows(oplog, x));
  });

  test('whose build a compaction overtakes begins another, and ends with the right rows', async () => {
    await using oplog = await openTestOplog();
    using directory = temporaryDirectory();
    await oplog.create('x');
    const x = await scanToLive(oplog, 'x', ids(300));
    await oplog.append(...ids(200).map((docId) => upsert(x, docId, [2, 'new'])));
    const parts = { database: oplog.database, dataDirectory: directory.path };
    await using running = await startReplicator(parts, { catchUpRowsMax: 10 });
    await running.until('a part of the build is done', () => (running.status('x')?.documents ?? 0) > 20);
    await oplog.append(...ids(100).map((docId) => deletion(x, docId)));
    await compact(oplog, x, 0);
    await running.level('x', (await oplog.page()).head);
    expect(cachedRows(directory.path, 'x')).toEqual(await expectedRows(oplog, x));
  });
});

function openReader(path: string): Disposable & { count: () => number } {
  const cache = new Sqlite(path, { readonly: true, fileMustExist: true });
  const statement = cache.prepare<[], { count: number }>('SELECT count(*) AS count FROM x');
  return { count: () => statement.get()?.count ?? -1, [Symbol.dispose]: () => cache.close() };
}

function countIn(path: string): number {
  using reader = openReader(path);
  return reader.count();
}
