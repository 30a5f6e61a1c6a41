import {
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readlinkSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { silentLog } from '@emcachers/core/log';
import { dropEntities, markDeleting, requestRebuild, setPaused } from '@emcachers/db/control/entity-requests';
import Sqlite from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { openTestOplog, type TestOplog } from '../../../test/support/test-oplog.ts';
import { deletion, expectedRows, scanToLive, upsert } from '../../../test/support/test-page.ts';
import { cachedRows, startReplicator, temporaryDirectory } from '../../../test/support/test-replicator.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { CacheStore } from '../sqlite-cache/sqlite-cache.ts';
import { openCacheStore } from '../sqlite-cache/threaded-cache-store.ts';

const ids = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

async function setUp() {
  const oplog = await openTestOplog();
  const directory = temporaryDirectory();
  return {
    oplog,
    dataDirectory: directory.path,
    parts: { database: oplog.database, dataDirectory: directory.path },
    async [Symbol.asyncDispose]() {
      await oplog[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

/** A store that refuses to remove the caches of these entities. The file system refuses root nothing, so a test must. */
function storeThatDenies(entityNames: ReadonlySet<string>, { dataDirectory }: { dataDirectory: string }) {
  return (): CacheStore => {
    const store = openCacheStore({ clock: systemClock, dataDirectory, graceMs: 200 });
    const remove: CacheStore['remove'] = async (entity) => {
      if (entityNames.has(entity.entityName))
        throw new EmcachersError({ code: 'EMC-4003', detail: 'Permission denied.' });
      await store.remove(entity);
    };
    return { ...store, remove };
  };
}

async function head(oplog: TestOplog): Promise<number> {
  return (await oplog.page()).head;
}

describe('the replicator', () => {
  test('builds every cache from the oplog and applies later entries (I1)', async () => {
    await using world = await setUp();
    const { oplog, parts, dataDirectory } = world;
    await oplog.create('orders');
    await oplog.create('customers');
    const orders = await scanToLive(oplog, 'orders', ids('o', 250));
    const customers = await scanToLive(oplog, 'customers', ids('c', 10));
    await using running = await startReplicator(parts, { catchUpRowsMax: 100, followRowsMax: 3 });
    await running.level('orders', await head(oplog));
    await oplog.append(
      upsert(orders, 'o1', [1, 'changed']),
      upsert(customers, 'c1', [1, 'first']),
      deletion(orders, 'o2'),
      upsert(orders, 'new', [1, 'new']),
      upsert(customers, 'c1', [1, 'second']),
      deletion(orders, 'never there'),
    );
    const end = await head(oplog);
    const level = await running.level('orders', end);
    await running.level('customers', end);
    expect(cachedRows(dataDirectory, 'orders')).toEqual(await expectedRows(oplog, orders));
    expect(cachedRows(dataDirectory, 'customers')).toEqual(await expectedRows(oplog, customers));
    expect(level).toMatchObject({ documents: 250, published: true, error: null });
  });

  test('publishes no cache before its first complete scan, not even an empty one (I8)', async () => {
    await using world = await setUp();
    const { oplog, parts, dataDirectory } = world;
    await oplog.create('orders');
    await using running = await startReplicator(parts);
    await running.until('the file is being built', () => running.status('orders')?.offset != null);
    expect(existsSync(join(dataDirectory, 'dbs/orders/db.sqlite'))).toBe(false);
    expect(() => running.replicator.readRows('orders', { limit: 1 })).toThrow('EMC-5004');
    await scanToLive(oplog, 'orders', ids('o', 5));
    await running.level('orders');
    expect(cachedRows(dataDirectory, 'orders').size).toBe(5);
  });

  test('resumes from the offset in each file after a restart, and reads nothing twice', async () => {
    await using world = await setUp();
    const { oplog, parts, dataDirectory } = world;
    await oplog.create('orders');
    const orders = await scanToLive(oplog, 'orders', ids('o', 20));
    {
      await using running = await startReplicator(parts);
      await running.level('orders', await head(oplog));
    }
    await oplog.append(upsert(orders, 'o1', [1, 'while away']));
    await using running = await startReplicator(parts);
    const level = await running.level('orders', await head(oplog));
    expect(level).toMatchObject({ generation: 1, appliedTotal: 1, documents: 20 });
    expect(cachedRows(dataDirectory, 'orders')).toEqual(await expectedRows(oplog, orders));
  });

  const damages: [string, (file: string) => void][] = [
    ['a corrupt header', (file) => overwrite(file, 0, 'this is not a database')],
    ['an empty file', (file) => truncate(file, 0)],
    ['a truncated file', (file) => truncate(file, 4096 * 3)],
    ['a file that is not a database', (file) => writeFileSync(file, 'hello '.repeat(10_000))],
    ['a deleted file', (file) => rmSync(file)],
  ];
  test.each(damages)('rebuilds a cache with %s automatically, beside the old file', async (_, damage) => {
    await using world = await setUp();
    const { oplog, parts, dataDirectory } = world;
    await oplog.create('orders');
    await oplog.create('customers');
    const orders = await scanToLive(oplog, 'orders', ids('o', 2_000));
    await scanToLive(oplog, 'customers', ids('c', 10));
    const end = await head(oplog);
    const directory = join(dataDirectory, 'dbs/orders');
    {
      await using running = await startReplicator(parts);
      await running.level('orders', end);
      await running.level('customers', end);
    }
    damage(join(directory, 'db.g1.sqlite'));
    await using running = await startReplicator(parts);
    await running.until('the second generation is published', () => {
      const now = running.status('orders');
      return now?.generation === 2 && now.state === 'level';
    });
    expect(readlinkSync(join(directory, 'db.sqlite'))).toBe('db.g2.sqlite');
    expect(cachedRows(dataDirectory, 'orders')).toEqual(await expectedRows(oplog, orders));
    expect((await running.level('customers', end)).generation).toBe(1);
    await running.until('the old files are gone', () => !readdirSync(directory).some((name) => name.includes('g1')));
  });

  test('detects a file that is deleted or truncated while it runs, and keeps applying to the others (I10)', async () => {
    await using world = await setUp();
    const { oplog, parts, dataDirectory } = world;
    await oplog.create('orders');
    await oplog.create('customers');
    await scanToLive(oplog, 'orders', ids('o', 2_000));
    const customers = await scanToLive(oplog, 'customers', ids('c', 10));
    await using running = await startReplicator(parts);
    await running.level('orders', await head(oplog));
    truncate(join(dataDirectory, 'dbs/orders/db.g1.sqlite'), 0);
    await oplog.append(upsert(customers, 'c1', [1, 'goes on']));
    await running.level('customers', await head(oplog));
    await running.until('orders are built again', () => (running.status('orders')?.generation ?? 0) >= 2);
    await running.level('orders', await head(oplog));
    rmSync(join(dataDirectory, 'dbs/orders/db.sqlite'));
    await running.until('the link is back', () => existsSync(join(dataDirectory, 'dbs/orders/db.sqlite')));
    expect(cachedRows(dataDirectory, 'orders').size).toBe(2_000);
    expect(cachedRows(dataDirectory, 'customers').get('c1')).toMatchObject({ t: 'goes on' });
  });

  test('retries a suspended cache with a back-off that neither its own failure nor news of the oplog shorten', async () => {
    await using world = await setUp();
    const { oplog, parts, dataDirectory } = world;
    await oplog.create('orders');
    const orders = await scanToLive(oplog, 'orders', ids('o', 30));
    mkdirSync(join(dataDirectory, 'dbs'), { recursive: true });
    writeFileSync(join(dataDirectory, 'dbs/orders'), 'a file where the directory of the cache belongs');
    let suspensions = 0;
    const log = { ...silentLog, warn: () => (suspensions += 1) };
    await using running = await startReplicator({ ...parts, log });
    const deadline = performance.now() + 2_000;
    while (performance.now() < deadline) {
      await oplog.append(upsert(orders, 'o1', [1, 'news']));
      running.replicator.oplogChanged();
      running.replicator.entitiesChanged();
    }
    // 100 ms, 200 ms, 400 ms … with full jitter: about six in two seconds.
    expect(suspensions).toBeGreaterThan(0);
    expect(suspensions).toBeLessThan(30);
    rmSync(join(dataDirectory, 'dbs/orders'));
    await running.level('orders', await head(oplog));
  });

  test('rebuilds on request, pauses and resumes, and removes deleted caches', async () => {
    await using world = await setUp();
    const { oplog, parts, dataDirectory } = world;
    await oplog.create('orders');
    const orders = await scanToLive(oplog, 'orders', ids('o', 30));
    await using running = await startReplicator(parts);
    await running.level('orders', await head(oplog));
    await requestRebuild(oplog.database, orders);
    running.replicator.entitiesChanged();
    await running.until('the second generation is level', () => running.status('orders')?.generation === 2);
    await running.level('orders', await head(oplog));

    await setPaused(oplog.database, { entityId: orders, paused: true });
    await running.until('it is paused', () => running.status('orders')?.state === 'paused');
    await oplog.append(upsert(orders, 'o1', [1, 'while paused']));
    expect(cachedRows(dataDirectory, 'orders').get('o1')).toMatchObject({ t: 'scanned' });
    await setPaused(oplog.database, { entityId: orders, paused: false });
    await running.level('orders', await head(oplog));
    expect(cachedRows(dataDirectory, 'orders').get('o1')).toMatchObject({ t: 'while paused' });

    await markDeleting(oplog.database, orders);
    await running.until('the files are gone', () => !existsSync(join(dataDirectory, 'dbs/orders')));
    await dropEntities(oplog.database, [orders]);
    await oplog.create('orders');
    await scanToLive(oplog, 'orders', ['again']);
    await running.level('orders', await head(oplog));
    expect([...cachedRows(dataDirectory, 'orders').keys()]).toEqual(['again']);
  });

  test('rebuilds its caches if PostgreSQL has a different history (EMC-3003)', async () => {
    await using world = await setUp();
    const { oplog, parts, dataDirectory } = world;
    await oplog.create('orders');
    await scanToLive(oplog, 'orders', ids('o', 30));
    await using running = await startReplicator(parts);
    await running.level('orders', await head(oplog));
    await oplog.database.pool.query(
      `UPDATE metadata SET value = to_json('another history'::text) WHERE key = 'history_id'`,
    );
    await running.until('a new generation is level', () => running.status('orders')?.generation === 2);
    await running.level('orders', await head(oplog));
    expect(cachedRows(dataDirectory, 'orders').size).toBe(30);
  });

  test('removes the caches of entities that were deleted while it was stopped, and leaves foreign files', async () => {
    await using world = await setUp();
    const { oplog, parts, dataDirectory } = world;
    await oplog.create('orders');
    const orders = await scanToLive(oplog, 'orders', ids('o', 3));
    {
      await using running = await startReplicator(parts);
      await running.level('orders', await head(oplog));
    }
    writeFileSync(join(dataDirectory, 'dbs/orders/notes.txt'), 'mine');
    await markDeleting(oplog.database, orders);
    await dropEntities(oplog.database, [orders]);
    await using running = await startReplicator(parts);
    const left = (): string => readdirSync(join(dataDirectory, 'dbs/orders')).join();
    await running.until('only the foreign file is left', () => left() === 'notes.txt');
  });

  test('a directory in place of a link stops neither the removal of a cache nor a new cache (I10)', async () => {
    await using world = await setUp();
    const { oplog, parts, dataDirectory } = world;
    await oplog.create('orders');
    const orders = await scanToLive(oplog, 'orders', ids('o', 3));
    await using running = await startReplicator(parts);
    await running.level('orders', await head(oplog));
    rmSync(join(dataDirectory, 'dbs/orders/db.sqlite'));
    mkdirSync(join(dataDirectory, 'dbs/orders/db.sqlite/inside'), { recursive: true });
    await markDeleting(oplog.database, orders);
    await oplog.create('customers');
    await scanToLive(oplog, 'customers', ids('c', 2));
    await running.level('customers', await head(oplog));
    const left = (): string => readdirSync(join(dataDirectory, 'dbs/orders')).join();
    await running.until('only the directory is left', () => left() === 'db.sqlite');
  });

  test('a cache that cannot be removed yet delays no other, and a new entity of its name waits for it', async () => {
    await using world = await setUp();
    const { oplog, parts, dataDirectory } = world;
    await oplog.create('orders');
    const orders = await scanToLive(oplog, 'orders', ids('o', 3));
    const denied = new Set(['orders']);
    await using running = await startReplicator({ ...parts, openStore: storeThatDenies(denied, parts) });
    await running.level('orders', await head(oplog));
    await markDeleting(oplog.database, orders);
    await dropEntities(oplog.database, [orders]);
    await oplog.create('customers');
    await scanToLive(oplog, 'customers', ids('c', 2));
    await running.level('customers', await head(oplog));
    await oplog.create('orders');
    await scanToLive(oplog, 'orders', ['again']);
    expect(cachedRows(dataDirectory, 'orders').size).toBe(3);
    denied.clear();
    await running.until('the new cache is built', () => running.status('orders')?.entityId !== orders);
    await running.level('orders', await head(oplog));
    expect([...cachedRows(dataDirectory, 'orders').keys()]).toEqual(['again']);
  });

  test('a file that an application has locked waits alone, says so, and goes on when it is free (EMC-4004)', async () => {
    await using world = await setUp();
    const { oplog, parts, dataDirectory } = world;
    await oplog.create('orders');
    await oplog.create('customers');
    const orders = await scanToLive(oplog, 'orders', ids('o', 3));
    const customers = await scanToLive(oplog, 'customers', ids('c', 3));
    await using running = await startReplicator(parts);
    await running.level('orders', await head(oplog));
    await running.level('customers', await head(oplog));
    const application = new Sqlite(join(dataDirectory, 'dbs/orders/db.sqlite'));
    application.exec('BEGIN IMMEDIATE');
    await oplog.append(upsert(orders, 'o1', [1, 'locked']), upsert(customers, 'c1', [1, 'free']));
    await running.level('customers', await head(oplog));
    await running.until('the error is shown', () => running.status('orders')?.error?.code === 'EMC-4004');
    application.exec('ROLLBACK');
    application.close();
    expect(await running.level('orders', await head(oplog))).toMatchObject({ error: null, generation: 1 });
    expect(cachedRows(dataDirectory, 'orders').get('o1')).toMatchObject({ t: 'locked' });
  });

  test('applies changes within the poll interval if every notification is lost', async () => {
    await using world = await setUp();
    const { oplog, parts } = world;
    await oplog.create('orders');
    const orders = await scanToLive(oplog, 'orders', ids('o', 3));
    await using running = await startReplicator(parts, { pollMs: 100 });
    await running.level('orders', await head(oplog));
    const latencies: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      const started = performance.now();
      await oplog.append(upsert(orders, 'o1', [1, `round ${round}`]));
      await running.level('orders', await head(oplog));
      latencies.push(performance.now() - started);
    }
    // Twice the interval: the machine that runs the tests has other work too.
    expect(latencies.sort((left, right) => left - right)[4]).toBeLessThan(200);
  });
});

function truncate(path: string, bytes: number): void {
  const file = openSync(path, 'r+');
  ftruncateSync(file, bytes);
  closeSync(file);
}

function overwrite(path: string, position: number, text: string): void {
  const file = openSync(path, 'r+');
  writeSync(file, text, position);
  closeSync(file);
}
