import { serialize } from 'bson';
import { expect, test } from 'vitest';
import { createSystemClock } from '../clock.ts';
import { scratchFolder, scratchStore, stored } from '../testing/scratch-store.ts';
import { Turns } from '../turns.ts';
import { removeDroppedTables } from './dropped-tables.ts';
import { dropCollection } from './schema-change.ts';
import type { Store } from './store.ts';

function tables({ sqlite }: Store): unknown[] {
  const sql = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB '[cx]_[0-9]*' ORDER BY name";
  return sqlite.prepare(sql).pluck().all();
}

async function sweep({ sqlite, group }: Store): Promise<void> {
  const operation = { check: () => undefined };
  const turns = new Turns({ clock: createSystemClock(), group, operation, deadlineMs: null });
  await removeDroppedTables(sqlite, { turns, enter: () => group.enter() });
  group.commit();
}

test('the tables of a dropped collection are removed later, also after a restart, and others stay', async () => {
  using folder = scratchFolder();
  using scratch = scratchStore({ path: folder.path });
  const { access } = scratch;
  for (const name of ['first', 'second', 'kept']) {
    const collection = access.collectionForWrite('shop', name);
    const specification = Buffer.from(serialize({ v: 2, key: { n: 1 }, name: 'n_1' }));
    scratch.store.catalog.createIndex(collection, specification, { isReady: true });
    const stamp = access.stamp();
    for (let n = 0; n < 1_200; n += 1) access.insert(collection, stored({ _id: n, n }), stamp);
  }
  const drop = (name: string): void => {
    const collection = scratch.store.catalog.find('shop', name);
    if (collection === undefined) throw new Error(`${name} does not exist`);
    dropCollection(scratch.store, collection);
    expect(() => collection.table.getRow(1)).toThrow(expect.objectContaining({ codeName: 'QueryPlanKilled' }));
  };
  drop('first');
  await sweep(scratch.store);
  expect(tables(scratch.store)).toEqual(['c_2', 'c_3', 'x_2', 'x_3']);
  drop('second');
  const reopened = scratch.reopen();
  await sweep(reopened);
  expect(tables(reopened)).toEqual(['c_3', 'x_3']);
  expect(reopened.catalog.find('shop', 'kept')?.table.count()).toBe(1_200);
});

test('an index whose build was not complete is gone after a restart, a complete one stays', () => {
  using folder = scratchFolder();
  using scratch = scratchStore({ path: folder.path });
  const collection = scratch.access.collectionForWrite('shop', 'items');
  for (const [name, isReady] of [
    ['complete', true],
    ['incomplete', false],
  ] as const) {
    const specification = Buffer.from(serialize({ v: 2, key: { [name]: 1 }, name }));
    scratch.store.catalog.createIndex(collection, specification, { isReady });
  }
  const { catalog } = scratch.reopen();
  expect(catalog.find('shop', 'items')?.indexes.map(({ name }) => name)).toEqual(['complete']);
});
