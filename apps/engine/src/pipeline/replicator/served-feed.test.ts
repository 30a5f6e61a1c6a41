import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { requestRebuild, setPaused } from '@emcachers/db/control/entity-requests';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openTestOplog, position } from '../../../test/support/test-oplog.ts';
import { deletion, expectedRows, scanToLive, upsert } from '../../../test/support/test-page.ts';
import { cachedRows, startReplicator, temporaryDirectory } from '../../../test/support/test-replicator.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { CacheStore } from '../sqlite-cache/sqlite-cache.ts';
import { openCacheStore } from '../sqlite-cache/threaded-cache-store.ts';

const ids = (count: number): string[] => Array.from({ length: count }, (_, index) => `o${index}`);

interface Seen {
  readonly offset: number;
  readonly sourceTime: bigint;
}

/** A live entity with a published cache, and a store that holds the batches of a build at a gate. */
async function setUp() {
  const oplog = await openTestOplog();
  const directory = temporaryDirectory();
  await oplog.create('orders');
  const orders = await scanToLive(oplog, 'orders', ids(300));
  let gate: Promise<void> = Promise.resolve();
  let isBuilding = false;
  const openStore = (): CacheStore => {
    const store = openCacheStore({ clock: systemClock, dataDirectory: directory.path, graceMs: 60_000 });
    return {
      ...store,
      build: (identity) => {
        isBuilding = true;
        return store.build(identity);
      },
      apply: async (batch) => {
        if (isBuilding && batch.entityId === orders) await gate;
        return store.apply(batch);
      },
    };
  };
  const parts = { database: oplog.database, dataDirectory: directory.path, openStore };
  const link = join(directory.path, 'dbs/orders/db.sqlite');
  return {
    oplog,
    orders,
    directory: directory.path,
    link: () => readlinkSync(link),
    rows: () => cachedRows(directory.path, 'orders'),
    place: () => placeOf(link),
    start: () => startReplicator(parts, { catchUpRowsMax: 100 }),
    /** Closes the gate until it is opened or disposed. */
    hold: () => {
      const held = Promise.withResolvers<void>();
      gate = held.promise;
      return { open: held.resolve, [Symbol.dispose]: held.resolve };
    },
    head: async () => (await oplog.page()).head,
    /** One change of a document, at this time of the source. */
    change: async (docId: string, time: number) => {
      await oplog.append(upsert(orders, docId, [1, `at ${time}`]));
      const { version } = await oplog.writer.readPosition();
      await oplog.writer.savePosition({ ...position(time, version), passedTime: BigInt(time) });
    },
    async [Symbol.asyncDispose]() {
      await oplog[Symbol.asyncDispose]();
      directory[Symbol.dispose]();
    },
  };
}

function placeOf(path: string): Seen {
  const file = new Sqlite(path, { readonly: true, fileMustExist: true });
  try {
    const read = file.prepare<[string], string>('SELECT value FROM metadata WHERE key = ?').pluck();
    return file.transaction(() => ({
      offset: Number(read.get('offset')),
      sourceTime: BigInt(read.get('source_time') ?? 0),
    }))();
  } finally {
    file.close();
  }
}

test('the served file follows the oplog while the next one is built, and the swap takes no reader back (I8)', async () => {
  await using world = await setUp();
  const { oplog, orders } = world;
  await using running = await world.start();
  await running.level('orders', await world.head());
  using gate = world.hold();
  await requestRebuild(oplog.database, orders);
  running.replicator.entitiesChanged();
  await running.until('the next file is begun', () => running.status('orders')?.generation === 2);
  await world.change('o1', 5);
  await oplog.append(deletion(orders, 'o2'));
  await running.until(
    'readers see the changes',
    () => world.rows().get('o1')?.['t'] === 'at 5' && !world.rows().has('o2'),
  );
  await running.until('readers see the time', () => world.place().sourceTime >= 5n);
  expect(running.status('orders')).toMatchObject({ state: 'building', published: true, documents: 0 });
  expect(world.link()).toBe('db.g1.sqlite');

  const seen: Seen[] = [world.place()];
  gate.open();
  for (let time = 6; world.link() === 'db.g1.sqlite'; time += 1) {
    expect(time).toBeLessThan(500);
    await world.change('o3', time);
    seen.push(world.place());
  }
  seen.push(world.place());
  await running.level('orders', await world.head());
  const served = placeOf(join(world.directory, 'dbs/orders/db.g1.sqlite'));
  expect(seen).toEqual(seen.toSorted((left, right) => left.offset - right.offset));
  expect(seen).toEqual(seen.toSorted((left, right) => Number(left.sourceTime - right.sourceTime)));
  expect(seen.at(-1)?.offset).toBeGreaterThanOrEqual(served.offset);
  expect(seen.at(-1)?.sourceTime).toBeGreaterThanOrEqual(served.sourceTime);
  expect(served.offset).toBeGreaterThan(seen[0]?.offset ?? 0);
  expect(world.rows()).toEqual(await expectedRows(oplog, orders));
});

test('a build that a stop interrupts goes on after the start beside a served file that is fed', async () => {
  await using world = await setUp();
  const { oplog, orders } = world;
  {
    await using running = await world.start();
    await running.level('orders', await world.head());
    await requestRebuild(oplog.database, orders);
    using gate = world.hold();
    running.replicator.entitiesChanged();
    await running.until('the next file is begun', () => running.status('orders')?.generation === 2);
    await setPaused(oplog.database, { entityId: orders, paused: true });
    running.replicator.entitiesChanged();
    await running.until('it is paused', () => running.status('orders')?.state === 'paused');
    gate.open();
  }
  expect(world.link()).toBe('db.g1.sqlite');
  await setPaused(oplog.database, { entityId: orders, paused: false });
  const held = world.hold();
  await using running = await world.start();
  // Declared last, so that it opens before the replicator stops.
  using gate = held;
  await world.change('o1', 9);
  await running.until('readers see the change', () => world.rows().get('o1')?.['t'] === 'at 9');
  expect(world.link()).toBe('db.g1.sqlite');
  gate.open();
  await running.level('orders', await world.head());
  expect(world.link()).toBe('db.g2.sqlite');
  expect(world.rows()).toEqual(await expectedRows(oplog, orders));
});
