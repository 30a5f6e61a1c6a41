import { openDatabase } from '@emcachers/db/database';
import { createTestDatabase } from '@emcachers/db/testing';
import { expect, test } from 'vitest';
import { createEntityControl } from './entity-control.ts';

const shapeOf = (entityName: string) => ({
  entityName,
  sourceName: 'shop.orders',
  columns: [{ name: 'n', type: 'Integer' as const, path: 'n' }],
});
const names = Array.from({ length: 50 }, (_, index) => `orders_${index}`);

test('fifty creations at once are one or two transactions, fifty deletions one or two detachings, and each has its own answer', async () => {
  await using owned = await createTestDatabase();
  const database = openDatabase({ url: owned.url });
  const control = createEntityControl(database);
  const answers = await Promise.allSettled([...names, 'ORDERS_7'].map((name) => control.create(shapeOf(name))));
  const created = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
  expect(created.map(({ entityName }) => entityName)).toEqual(names);
  expect(answers.at(-1)).toMatchObject({ status: 'rejected', reason: { code: 'EMC-5003' } });
  // Rows of one transaction have one xmin.
  const inserted = await database.pool.query('SELECT DISTINCT xmin::text FROM entity');
  expect(inserted.rowCount).toBeLessThanOrEqual(2);
  const attached = `SELECT 1 FROM pg_inherits WHERE inhparent = 'oplog'::regclass`;
  expect((await database.pool.query(attached)).rowCount).toBe(names.length);

  await Promise.all(created.map(({ entityId }) => control.markDeleting(entityId)));
  let detachings = 0;
  // Each call that detaches partitions ends with the end of its session.
  database.pool.on('remove', () => {
    detachings += 1;
  });
  await Promise.all(created.map(({ entityId }) => control.drop(entityId)));
  expect(detachings).toBeGreaterThan(0);
  expect(detachings).toBeLessThanOrEqual(2);
  expect((await database.pool.query(attached)).rowCount).toBe(0);
  expect(await control.find('orders_0')).toBeNull();
  await database.close();
});
