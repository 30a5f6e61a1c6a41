import type { Shape } from '@emcachers/core/shape';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { openDatabase } from '../database.ts';
import { createTestDatabase } from '../testing.ts';
import { createEntity, findEntity } from './entities.ts';
import { createEntityList } from './entity-list.ts';
import { dropEntities, markDeleting, requestRebuild, requestRefresh, setPaused } from './entity-requests.ts';

const shape = (entityName: string): Shape => ({
  entityName,
  sourceName: 'shop.orders.archive',
  columns: [{ name: 'n', type: 'Integer', path: 'a."b.c"' }],
});

async function openTestDatabase() {
  const owned = await createTestDatabase();
  const database = openDatabase({ url: owned.url });
  const dispose = async () => {
    await database.close();
    await owned[Symbol.asyncDispose]();
  };
  return { ...database, [Symbol.asyncDispose]: dispose };
}

async function fill(pool: pg.Pool, entity: { id: number; rows: number }) {
  await pool.query(
    `INSERT INTO oplog (entity_id, operation, doc_id, data, version, epoch)
     SELECT $1, 'Upsert', 'd' || n, repeat('x', 50), 1, 1 FROM generate_series(1, $2::integer) AS n`,
    [entity.id, entity.rows],
  );
}

/** Leaves the partition detached halfway, as a process does that is killed while it waits for a reader. */
async function cutOffDetaching(database: { pool: pg.Pool }, entityId: number): Promise<void> {
  const reader = await database.pool.connect();
  await reader.query('BEGIN');
  await reader.query('SELECT count(*) FROM oplog');
  const detaching = database.pool
    .query(`ALTER TABLE oplog DETACH PARTITION oplog_e${entityId} CONCURRENTLY`)
    .catch(() => undefined);
  const isPending = 'SELECT 1 FROM pg_inherits WHERE inhdetachpending';
  await expect.poll(async () => (await database.pool.query(isPending)).rowCount).toBe(1);
  await database.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE query LIKE 'ALTER TABLE oplog DETACH%' AND datname = current_database()`,
  );
  await detaching;
  await reader.query('COMMIT');
  reader.release();
}

describe('entities', () => {
  test('a created entity is pending, has its shape, and is found in any case', async () => {
    await using database = await openTestDatabase();
    const created = await createEntity(database, shape('Orders'));
    expect(created).toMatchObject({
      entityName: 'Orders',
      sourceName: 'shop.orders.archive',
      columns: shape('Orders').columns,
      version: 1,
      lifecycle: 'pending',
      route: 'none',
      liveFromId: null,
    });
    expect(await findEntity(database, 'oRDERS')).toEqual(created);
    expect(await findEntity(database, 'order')).toBeNull();
  });

  test('a name is unique regardless of case, also for simultaneous requests', async () => {
    await using database = await openTestDatabase();
    const names = ['orders', 'ORDERS', 'Orders', 'oRders'];
    const results = await Promise.allSettled(names.map((name) => createEntity(database, shape(name))));
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    for (const result of results)
      if (result.status === 'rejected')
        expect(result.reason).toMatchObject({ code: 'EMC-5003', fields: [{ path: ['entityName'] }] });
    expect(await createEntityList(database)()).toHaveLength(1);
  });

  test('requests take effect, and are refused for an entity that is deleted or being deleted', async () => {
    await using database = await openTestDatabase();
    const { entityId: id, runId } = await createEntity(database, shape('orders'));
    await requestRebuild(database, id);
    await setPaused(database, { entityId: id, paused: true });
    expect(await requestRefresh(database, { entityId: id, allowLargeSweep: true })).toBe(2);
    const changed = await findEntity(database, 'orders');
    expect(changed).toMatchObject({ rebuildRequested: 1, paused: true, version: 2, allowLargeSweep: true });
    expect(changed?.runId).not.toBe(runId);
    await markDeleting(database, id);
    await markDeleting(database, id);
    await expect(requestRefresh(database, { entityId: id, allowLargeSweep: false })).rejects.toThrow('EMC-5004');
    await expect(setPaused(database, { entityId: id, paused: false })).rejects.toThrow('EMC-5004');
    await expect(requestRebuild(database, 999)).rejects.toThrow('EMC-5002');
  });
});

describe('dropEntities', () => {
  test('removes partition, held-back rows and record, and frees the name', async () => {
    await using database = await openTestDatabase();
    const { entityId: id, runId } = await createEntity(database, shape('orders'));
    await fill(database.pool, { id, rows: 100 });
    await database.pool.query(
      `INSERT INTO oplog_staging (entity_id, run_id, operation, doc_id, epoch) VALUES ($1, $2, 'Delete', 'a', 1)`,
      [id, runId],
    );
    await markDeleting(database, id);
    await dropEntities(database, [id]);
    expect(await findEntity(database, 'orders')).toBeNull();
    const rest = await database.pool.query(
      `SELECT (SELECT count(*) FROM oplog) + (SELECT count(*) FROM oplog_staging) AS rows, to_regclass($1) AS partition`,
      [`oplog_e${id}`],
    );
    expect(rest.rows).toEqual([{ rows: 0, partition: null }]);
    expect((await createEntity(database, shape('orders'))).entityId).not.toBe(id);
  });

  test('can be repeated wherever an earlier call was interrupted', async () => {
    await using database = await openTestDatabase();
    const { entityId: id } = await createEntity(database, shape('orders'));
    await markDeleting(database, id);
    await database.pool.query(`ALTER TABLE oplog DETACH PARTITION oplog_e${id} CONCURRENTLY`);
    await dropEntities(database, [id]);
    await dropEntities(database, [id]);
    expect(await findEntity(database, 'orders')).toBeNull();
  });

  test('of twenty entities at once succeeds, also after a detaching that was cut off', async () => {
    await using database = await openTestDatabase();
    const ids: number[] = [];
    for (let number = 0; number < 20; number += 1)
      ids.push((await createEntity(database, shape(`orders_${number}`))).entityId);
    await cutOffDetaching(database, ids[0] ?? 0);
    await Promise.all(
      ids.toReversed().map(async (id) => {
        await markDeleting(database, id);
        await dropEntities(database, [id]);
      }),
    );
    expect(await createEntityList(database)()).toEqual([]);
  });

  test('of a large entity does not block appends to and reads of others while it waits for a reader', async () => {
    await using database = await openTestDatabase();
    const large = await createEntity(database, shape('large'));
    const other = await createEntity(database, shape('other'));
    await fill(database.pool, { id: large.entityId, rows: 200_000 });
    await fill(database.pool, { id: other.entityId, rows: 1 });
    // A reader holds the partition, so the drop must wait; nothing else may wait with it.
    const reader = new pg.Client({ connectionString: database.url });
    await reader.connect();
    await reader.query('BEGIN');
    await reader.query('SELECT count(*) FROM oplog');
    await markDeleting(database, large.entityId);
    let dropped = false;
    const dropping = dropEntities(database, [large.entityId]).then(() => {
      dropped = true;
    });
    for (let turn = 0; turn < 20; turn += 1) await fill(database.pool, { id: other.entityId, rows: 10 });
    expect(
      (await database.pool.query('SELECT count(*) AS rows FROM oplog WHERE entity_id = $1', [other.entityId])).rows,
    ).toEqual([{ rows: 201 }]);
    expect(dropped).toBe(false);
    await reader.query('COMMIT');
    await dropping;
    await reader.end();
    expect(await findEntity(database, 'large')).toBeNull();
  });
});
