import { expect, test } from 'vitest';
import { openDatabase } from '../database.ts';
import { createTestDatabase } from '../testing.ts';
import { createEntity } from './entities.ts';
import { createEntityList } from './entity-list.ts';
import { setPaused } from './entity-requests.ts';

const shapeOf = (entityName: string) => ({
  entityName,
  sourceName: `shop.${entityName}`,
  columns: [{ name: 'n', type: 'Integer' as const, path: 'n' }],
});

test('the list is the same array until a row changes, and shows every creation, change and deletion', async () => {
  await using owned = await createTestDatabase();
  const database = openDatabase({ url: owned.url });
  const list = createEntityList(database);
  expect(await list()).toEqual([]);
  const { entityId } = await createEntity(database, shapeOf('orders'));
  const created = await list();
  expect(created).toEqual(await createEntityList(database)());
  expect(await list()).toBe(created);
  await setPaused(database, { entityId, paused: true });
  expect(await list()).toMatchObject([{ entityName: 'orders', paused: true }]);
  await createEntity(database, shapeOf('customers'));
  expect((await list()).map(({ entityName }) => entityName)).toEqual(['orders', 'customers']);
  await database.pool.query('DELETE FROM entity WHERE id = $1', [entityId]);
  expect((await list()).map(({ entityName }) => entityName)).toEqual(['customers']);
  await database.close();
});

test('after a change of one entity the others are the same records: only the changed row was read', async () => {
  await using owned = await createTestDatabase();
  const database = openDatabase({ url: owned.url });
  const list = createEntityList(database);
  const ids: number[] = [];
  for (const name of ['orders', 'customers', 'products'])
    ids.push((await createEntity(database, shapeOf(name))).entityId);
  const before = await list();
  await setPaused(database, { entityId: ids[1] ?? 0, paused: true });
  const after = await list();
  expect(after.map(({ paused }) => paused)).toEqual([false, true, false]);
  expect(after[0]).toBe(before[0]);
  expect(after[2]).toBe(before[2]);
  expect(after).toEqual(await createEntityList(database)());
  await database.close();
});
