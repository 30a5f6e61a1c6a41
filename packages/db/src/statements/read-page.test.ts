import type pg from 'pg';
import { expect, test } from 'vitest';
import { createEntities } from '../control/entities.ts';
import { openDatabase } from '../database.ts';
import { createTestDatabase } from '../testing.ts';
import { readPage } from './read-page.ts';

const names = Array.from({ length: 20 }, (_, index) => `orders_${index}`);
const limits = { streamId: 1, limitRows: 100, limitBytes: 1 << 20 };

async function openEntities() {
  const owned = await createTestDatabase();
  const database = openDatabase({ url: owned.url, pageMsMax: 3_000 });
  const column = { name: 'n', type: 'Integer' as const, path: 'n' };
  const created = await createEntities(
    database,
    names.map((entityName) => ({ entityName, sourceName: 'shop.orders', columns: [column] })),
  );
  const ids = created.flatMap((entity) => ('entityId' in entity ? [entity.entityId] : []));
  await database.pool.query(
    `INSERT INTO oplog (entity_id, operation, doc_id, data, version, epoch)
     SELECT id, 'Upsert', 'd', '[1]', 1, 1 FROM unnest($1::integer[]) AS id`,
    [ids],
  );
  await database.pool.query('UPDATE stream SET head = (SELECT max(id) FROM oplog)');
  return {
    ids,
    pagePool: database.pagePool,
    pool: database.pool,
    async [Symbol.asyncDispose]() {
      await database.close();
      await owned[Symbol.asyncDispose]();
    },
  };
}

/** As a rewrite or a deletion of the entity holds it. */
async function lockPartition(pool: pg.Pool, entityId: number): Promise<AsyncDisposable> {
  const client = await pool.connect();
  await client.query(`BEGIN; LOCK TABLE oplog_e${entityId} IN ACCESS EXCLUSIVE MODE`);
  return {
    async [Symbol.asyncDispose]() {
      await client.query('ROLLBACK');
      client.release();
    },
  };
}

test('a page of one entity, and one of many while nothing is new, do not touch the partitions of others', async () => {
  await using world = await openEntities();
  const { ids, pool, pagePool } = world;
  const [first = 0, second = 0] = ids;
  const all = await readPage(pagePool, { afterId: 0, entityIds: ids, ...limits });
  expect(all.entries.map(({ entityId }) => entityId)).toEqual(ids);
  await using _locked = await lockPartition(pool, second);
  const own = await readPage(pagePool, { afterId: 0, entityIds: [first], ...limits });
  expect(own.entries).toEqual(all.entries.slice(0, 1));
  const idle = await readPage(pagePool, { afterId: all.head, entityIds: ids, ...limits });
  expect(idle).toMatchObject({ head: all.head, entries: [], full: false });
  const none = await readPage(pagePool, { afterId: 0, entityIds: [], ...limits });
  expect(none).toMatchObject({ head: all.head, entries: [] });
});
