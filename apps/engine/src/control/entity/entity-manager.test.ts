import { silentLog } from '@emcachers/core/log';
import { openDatabase } from '@emcachers/db/database';
import { createFleetReader, readFleetOf } from '@emcachers/db/fleet/read-fleet';
import { createTestDatabase } from '@emcachers/db/testing';
import { expect, test } from 'vitest';
import { systemClock } from '../../runtime/clock.ts';
import { createFleetSampler } from '../fleet/fleet-sampler.ts';
import { createEntityControl } from './entity-control.ts';
import { createEntityManager } from './entity-manager.ts';

const nodeId = 'n1';
const shape = (entityName: string) => ({
  entityName,
  sourceName: `shop.${entityName}`,
  columns: [{ name: 'n', type: 'Integer' as const, path: 'n' }],
});

async function openEntityManager() {
  const owned = await createTestDatabase();
  const { pool, ...database } = openDatabase({ url: owned.url });
  const clock = systemClock;
  const fleet = createFleetSampler({ clock, log: silentLog, nodeId, readRows: () => createFleetReader(pool)() });
  const entities = createEntityManager({
    clock,
    nodeId,
    fleet,
    measures: fleet.measures,
    control: createEntityControl({ pool, ...database }),
    checkSource: async () => undefined,
    maskKey: null,
    readRows: (entityName) => readFleetOf(pool, entityName),
  });
  return {
    entities,
    pool,
    database,
    async [Symbol.asyncDispose]() {
      await database.close();
      await owned[Symbol.asyncDispose]();
    },
  };
}

test('get and create return the same entity as list, even while the rows of all other entities are locked', async () => {
  await using opened = await openEntityManager();
  const { entities, pool } = opened;
  await entities.create(shape('customers'));
  const created = await entities.create(shape('orders'));
  expect(created).toMatchObject({ entityName: 'orders', sourceName: 'shop.orders', activity: 'pending', head: null });
  await pool.query(
    `INSERT INTO node (id, roles, host) VALUES ('n1', '{ingest,replicate}', 'here'), ('n2', '{replicate}', 'there');
     INSERT INTO oplog (entity_id, operation, doc_id, data, version, epoch)
     SELECT 1 + i % 2, 'Upsert', 'd' || i, '[]', 1, 1 FROM generate_series(1, 10) AS i;
     INSERT INTO node_offset (node_id, entity_id, offset_id, documents, state, path)
     VALUES ('n1', 2, 9, 4, 'level', '/data/orders'), ('n2', 2, 3, 1, 'catching-up', NULL), ('n2', 1, 2, 1, 'level', NULL)`,
  );
  const listed = (await entities.list()).find(({ entityName }) => entityName === 'orders');
  const others = await pool.connect();
  try {
    await others.query('BEGIN; LOCK TABLE oplog_e1 IN ACCESS EXCLUSIVE MODE');
    const got = await entities.get('ORDERS');
    expect(got).toMatchObject({ offset: 3, documents: 4, cachePath: '/data/orders', nodes: [{}, {}] });
    // Ages increase between two readings; everything else is equal.
    const withoutAges = ({ nodes, lagMs: _lagMs, lagByHop: _hops, ...view }: typeof got) => ({
      ...view,
      nodes: nodes.map(({ lagMs: _age, ...node }) => node),
    });
    expect(listed).toBeDefined();
    if (listed !== undefined) expect(withoutAges(got)).toEqual(withoutAges(listed));
  } finally {
    await others.query('ROLLBACK');
    others.release();
  }
});

test('indexes are set without a new scan; an unknown column is EMC-5001 with the field, an unknown entity EMC-5002', async () => {
  await using opened = await openEntityManager();
  const { entities } = opened;
  const created = await entities.create({ ...shape('orders'), indexes: [{ columns: ['n'] }] });
  expect(created.indexes).toEqual([{ columns: ['n'], nodes: [] }]);
  const changed = await entities.setIndexes('ORDERS', []);
  expect(changed).toMatchObject({ indexes: [], version: created.version, since: created.since });
  expect((await entities.setIndexes('orders', [{ columns: ['N'] }])).indexes).toEqual([{ columns: ['n'], nodes: [] }]);
  await expect(entities.setIndexes('orders', [{ columns: ['n'] }, { columns: ['total'] }])).rejects.toMatchObject({
    code: 'EMC-5001',
    fields: [{ path: ['indexes', 1, 'columns', 0] }],
  });
  await expect(entities.setIndexes('customers', [])).rejects.toMatchObject({ code: 'EMC-5002' });
});

test('an unknown name is EMC-5002', async () => {
  await using opened = await openEntityManager();
  await expect(opened.entities.get('orders')).rejects.toMatchObject({ code: 'EMC-5002' });
});

test('a server too slow for the reading in time: create answers with the new entity, get with EMC-3001, not with 404', async () => {
  await using opened = await openEntityManager();
  const { pool, database } = opened;
  const before = await createFleetReader(pool)();
  const fleet = createFleetSampler({ clock: systemClock, log: silentLog, nodeId, readRows: async () => before });
  const entities = createEntityManager({
    clock: { ...systemClock, sleep: async () => undefined },
    nodeId,
    fleet,
    measures: fleet.measures,
    control: createEntityControl({ pool, ...database }),
    checkSource: async () => undefined,
    maskKey: null,
    readRows: (entityName) => readFleetOf(pool, entityName),
  });
  expect(await entities.create(shape('orders'))).toMatchObject({ entityName: 'orders', activity: 'pending' });
  await expect(entities.get('orders')).rejects.toMatchObject({ code: 'EMC-3001' });
});
