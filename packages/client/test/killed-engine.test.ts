import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { dropEntities, markDeleting, requestRebuild } from '@emcachers/db/control/entity-requests';
import { describe, expect, test } from 'vitest';
import { openTestOplog, type TestOplog } from '../../../apps/engine/test/support/test-oplog.ts';
import { scanToLive, upsert } from '../../../apps/engine/test/support/test-page.ts';
import { testRandom } from '../../../apps/engine/test/support/test-random.ts';
import { startReplicator, temporaryDirectory } from '../../../apps/engine/test/support/test-replicator.ts';
import { until } from './support/test-caches.ts';

const programs = join(import.meta.dirname, 'programs');
const engineProgram = join(import.meta.dirname, '../../../apps/engine/test/programs/replicate-until-killed.ts');
const documents = 300;
const docIds = Array.from({ length: documents }, (_, index) => `o${index}`);

interface Seen {
  readonly reads: number;
  readonly absent: number;
  readonly swaps: number;
  readonly faults: readonly string[];
}

/** A process that reads until it is asked for what it saw. */
class Watcher implements Disposable {
  readonly #child: ChildProcess;
  #output = '';

  constructor(command: string, program: string, dataDir: string) {
    this.#child = spawn(command, [join(programs, program), dataDir, 'orders'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#child.stdout?.on('data', (data: Buffer) => {
      this.#output += data.toString();
    });
  }

  get isReading(): boolean {
    return this.#output.startsWith('reading');
  }

  /** For a test that failed before it asked. */
  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }

  async seen(): Promise<Seen> {
    const ended = once(this.#child, 'close');
    this.#child.kill('SIGTERM');
    await ended;
    return JSON.parse(this.#output.split('\n')[1] ?? '') as Seen;
  }
}

/** The oplog that the engine replays, and the points at which it is killed. */
class Killing {
  readonly #oplog: TestOplog;
  readonly #dataDir: string;
  readonly #directory: string;
  #entityId = 0;
  /** Every entry has a higher value than the one before. */
  #newest = 1_000;

  constructor(oplog: TestOplog, dataDir: string) {
    this.#oplog = oplog;
    this.#dataDir = dataDir;
    this.#directory = join(dataDir, 'dbs/orders');
  }

  async create(): Promise<void> {
    await this.#oplog.create('orders');
    this.#entityId = await scanToLive(this.#oplog, 'orders', docIds);
  }

  async append(): Promise<void> {
    for (let batch = 0; batch < 8; batch += 1) {
      const operations = Array.from({ length: 20 }, () => {
        this.#newest += 1;
        return upsert(this.#entityId, `o${(this.#newest * 7919) % documents}`, [this.#newest, 'appended']);
      });
      await this.#oplog.append(...operations);
    }
  }

  async rebuild(): Promise<void> {
    await requestRebuild(this.#oplog.database, this.#entityId);
  }

  async markDeleting(): Promise<void> {
    await markDeleting(this.#oplog.database, this.#entityId);
  }

  /** What an engine does once the files are gone, and a new entity of the same name. */
  async createAgain(): Promise<void> {
    await until('the files are removed', () => !existsSync(join(this.#directory, 'db.sqlite')));
    await dropEntities(this.#oplog.database, [this.#entityId]);
    await this.create();
  }

  get files(): readonly string[] {
    return existsSync(this.#directory) ? readdirSync(this.#directory).filter((name) => name.endsWith('.sqlite')) : [];
  }

  /** Kills an engine `afterMs` after `isReached`. */
  async kill(isReached: () => boolean, afterMs: number): Promise<void> {
    const child = spawn(process.execPath, [engineProgram, this.#oplog.database.url, this.#dataDir], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    await until('the point of the kill', isReached);
    await sleep(afterMs);
    child.kill('SIGKILL');
    await ended;
  }
}

const hasPython = spawnSync('python3', ['-c', 'import sqlite3, sys; sys.exit(sqlite3.sqlite_version_info < (3, 37))']);

describe('readers beside an engine that is killed', () => {
  test('see no undocumented error, no step back and no torn state (I5, I8); the one in Python if there is one', async () => {
    await using oplog = await openTestOplog();
    using directory = temporaryDirectory();
    const dataDir = directory.path;
    const killing = new Killing(oplog, dataDir);
    const random = testRandom();
    const soon = () => Math.floor(random() * 40);
    await killing.create();
    {
      await using running = await startReplicator({ database: oplog.database, dataDirectory: dataDir });
      await running.level('orders');
    }
    using disposed = new DisposableStack();
    const watchers = [new Watcher(process.execPath, 'watch-for-faults.ts', dataDir)];
    if (hasPython.status === 0) watchers.push(new Watcher('python3', 'watch_for_faults.py', dataDir));
    for (const watcher of watchers) disposed.use(watcher);
    await until('the readers read', () => watchers.every(({ isReading }) => isReading));

    for (let round = 0; round < 4; round += 1) {
      // While it applies.
      const appending = killing.append();
      await Promise.all([appending, killing.kill(() => true, soon() * 4)]);
      // While it builds the next generation, and about when it moves the link.
      const before = killing.files.length;
      await killing.rebuild();
      await killing.kill(() => killing.files.length > before || round > 1, soon());
      await killing.rebuild();
      await killing.append();
      await killing.kill(() => killing.files.length > before, soon() * 5);
      // While it removes the files, and while it builds those of the next entity of the name.
      await killing.markDeleting();
      await killing.kill(() => true, soon());
      {
        await using running = await startReplicator({ database: oplog.database, dataDirectory: dataDir });
        await killing.createAgain();
        running.replicator.entitiesChanged();
      }
      await killing.kill(() => killing.files.length > 0, soon());
    }

    await using running = await startReplicator({ database: oplog.database, dataDirectory: dataDir });
    await running.level('orders', (await oplog.page()).head);
    const all = await Promise.all(watchers.map((watcher) => watcher.seen()));
    expect(all.flatMap(({ faults }) => faults)).toEqual([]);
    for (const { reads, swaps } of all) expect([reads > 100, swaps > 0]).toEqual([true, true]);
  }, 240_000);
});
