import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { checkStructure } from '../src/pipeline/sqlite-cache/check-structure.ts';
import { openSnapshotStore } from '../src/pipeline/sqlite-cache/snapshot/snapshot-store.ts';
import { openCacheStore } from '../src/pipeline/sqlite-cache/threaded-cache-store.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { batchOf, identity, temporaryDirectory } from './support/test-cache.ts';
import { testRandom } from './support/test-random.ts';

const rows = 500;
/** Every how many steps a process is killed; the first step is random, so that runs differ. 1: at each step. */
const stride = Number(process.env['EMCACHERS_TEST_KILL_EVERY'] ?? '7');
const { signal } = new AbortController();
const killer = import.meta.resolve('./support/kill-at-step.ts');
const program = fileURLToPath(import.meta.resolve('./programs/snapshot-until-killed.ts'));

/** Runs the program until it is killed before the nth operation of a thread of the kind. False if it ended by itself before that. */
function isKilled(
  dataDirectory: string,
  { kind, step, snapshotId = '' }: { kind: string; step: number; snapshotId?: string },
) {
  const action = kind === 'make' ? 'make' : 'copy';
  const {
    status,
    signal: by,
    stderr,
  } = spawnSync(process.execPath, ['--import', killer, program, dataDirectory, action, snapshotId], {
    env: { PATH: process.env['PATH'], EMCACHERS_TEST_KILL_AT: `${kind}:${step}` },
    encoding: 'utf8',
  });
  if (by === 'SIGKILL') return true;
  if (status !== 0) throw new Error(stderr);
  return false;
}

async function prepareCache(dataDirectory: string): Promise<void> {
  const caches = openCacheStore({ clock: systemClock, dataDirectory });
  await caches.build(identity);
  const all = Array.from({ length: rows }, (_, index): [string, number] => [`d${index}`, index]);
  await caches.apply(batchOf(0, ...all));
  await caches.publish(1);
  await caches.close();
}

const storeIn = (dataDirectory: string) => openSnapshotStore({ dataDirectory, nodeId: 'n1', freeBytesMin: 0 });

async function makeIn(dataDirectory: string, snapshotId: string): Promise<void> {
  const request = { snapshotId, identity, nowMs: 0, signal, onProgress: () => undefined };
  await storeIn(dataDirectory).make(request);
}

function contents(database: string): unknown[] {
  const opened = new Sqlite(database, { readonly: true, fileMustExist: true });
  const all = opened.prepare('SELECT doc_id, n FROM orders ORDER BY rowid').raw().all();
  opened.close();
  return all;
}

test('a process that is killed before any step of making a snapshot leaves none or a whole one, and the next attempt makes it', async () => {
  using directory = temporaryDirectory();
  const template = path.join(directory.path, 'template');
  await prepareCache(template);
  const expected = contents(path.join(template, 'dbs/orders/db.sqlite'));
  let steps = Math.floor(testRandom()() * stride) + 1 - stride;
  let whole = 0;
  for (let isOver = false; !isOver; ) {
    steps += stride;
    const data = path.join(directory.path, `made-${steps}`);
    cpSync(template, data, { recursive: true, verbatimSymlinks: true });
    const snapshotId = randomUUID();
    isOver = !isKilled(data, { kind: 'make', step: steps, snapshotId });
    const store = storeIn(data);
    await store.removeUnfinished();
    const own = await store.own();
    whole += own.length;
    const names = own.length === 0 ? [] : [`${snapshotId}.json`, `${snapshotId}.sqlite`];
    const folder = path.join(data, 'snapshots/n1/orders');
    expect(existsSync(folder) ? readdirSync(folder).toSorted() : []).toEqual(names);
    await makeIn(data, snapshotId);
    const [made] = await store.own();
    checkStructure({ path: made?.files.database ?? '', entityId: 1, thorough: true });
    expect(contents(made?.files.database ?? '')).toEqual(expected);
    expect(contents(path.join(data, 'dbs/orders/db.sqlite'))).toEqual(expected);
    rmSync(data, { recursive: true });
  }
  // Pages in several steps, the checks, the flushes, and two names.
  expect(steps).toBeGreaterThan(25);
  expect(whole).toBeGreaterThan(0);
}, 600_000);

test.each(['copy', 'shelf'])(
  'a process that is killed before any step of starting from a snapshot (thread %s) leaves no cache or the whole one, and the next start has all rows',
  async (kind) => {
    using directory = temporaryDirectory();
    const template = path.join(directory.path, 'template');
    await prepareCache(template);
    const expected = contents(path.join(template, 'dbs/orders/db.sqlite'));
    await makeIn(template, randomUUID());
    rmSync(path.join(template, 'dbs'), { recursive: true });
    let steps = Math.floor(testRandom()() * stride) + 1 - stride;
    const found = { absent: 0, present: 0, unusable: 0 };
    for (let isOver = false; !isOver; ) {
      steps += stride;
      const data = path.join(directory.path, `started-${steps}`);
      cpSync(template, data, { recursive: true });
      isOver = !isKilled(data, { kind, step: steps });
      const caches = openCacheStore({ clock: systemClock, dataDirectory: data });
      const finding = await caches.open(identity);
      found[finding.kind] += 1;
      if (finding.kind !== 'present') {
        const { generation, file: target } = await caches.prepare(identity);
        const [snapshot] = (await storeIn(data).find('orders')).found;
        if (snapshot === undefined) throw new Error('The snapshot is gone.');
        await storeIn(data).copy(snapshot, { generation, target, signal });
        await caches.adopt({ identity, generation });
      } else expect(finding.state).toMatchObject({ offset: rows, documents: rows, generation: 1 });
      await caches.apply(batchOf(rows, ['new', 1]));
      await caches.publish(1);
      await caches.close();
      const names = readdirSync(path.join(data, 'dbs/orders')).filter((name) => name.includes('.new'));
      expect([contents(path.join(data, 'dbs/orders/db.sqlite')), names]).toEqual([[...expected, ['new', 1]], []]);
      rmSync(data, { recursive: true });
    }
    expect(steps).toBeGreaterThan(kind === 'copy' ? 18 : 8);
    expect(found).toMatchObject({ unusable: 0 });
    expect(found.present).toBeGreaterThan(0);
  },
  600_000,
);
