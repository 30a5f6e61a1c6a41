import pg from 'pg';
import { expect, test } from 'vitest';
import { openDatabase } from '../database.ts';
import { createTestDatabase, runOnServer } from '../testing.ts';
import { writeCaptureReport } from './capture-report.ts';
import { createFleetReader, readFleetOf } from './read-fleet.ts';

async function openTest() {
  const created = await createTestDatabase();
  const database = openDatabase({ url: created.url });
  return {
    url: created.url,
    pool: database.pool,
    async [Symbol.asyncDispose]() {
      await database.close();
      await created[Symbol.asyncDispose]();
    },
  };
}

const twoEntities = `
INSERT INTO entity (name, name_lower, source_database, source_collection, columns, shape_hash, run_id, lifecycle, route, stream_id)
VALUES ('orders', 'orders', 'shop', 'orders.eu', '[{"name":"total","type":"Number","path":"total"}]', 'x', gen_random_uuid(), 'live', 'oplog', 1),
       ('Customers', 'customers', 'shop', 'customers', '[{"name":"city","type":"Text","path":"a.b"}]', 'x', gen_random_uuid(), 'scanning', 'staging', 1);
CREATE TABLE oplog_e1 PARTITION OF oplog FOR VALUES IN (1);
CREATE TABLE oplog_e2 PARTITION OF oplog FOR VALUES IN (2);
INSERT INTO oplog (entity_id, operation, doc_id, data, version, epoch)
SELECT 1 + i % 2, 'Upsert', 'd' || i, '[]', 1, 1 FROM generate_series(1, 10) AS i;
UPDATE stream SET head = 10;
INSERT INTO node (id, roles, host) VALUES ('n1', '{ingest,replicate}', 'here');
INSERT INTO node_offset (node_id, entity_id, offset_id, documents, state, applied_total) VALUES ('n1', 1, 4, 3, 'catching-up', 3);
INSERT INTO oplog_compaction (entity_id, horizon, entries, bytes, removed_total, held_by) VALUES (1, 4, 5, 8192, 2, 'n1');
UPDATE leader SET node_id = 'n1', epoch = 7;
UPDATE mongo_resume_token SET cluster_time = 1700000000::numeric * 4294967296 + 5, saved_at = now();`;

const compaction = { horizon: 4, entries: 5, bytes: 8192, removed: 2, finishedAtMs: null, heldBy: 'n1' };

test('an empty database is an empty fleet', async () => {
  await using database = await openTest();
  expect(await createFleetReader(database.pool)()).toMatchObject({
    streams: [
      {
        streamId: 1,
        streamName: 'default',
        head: 0,
        leader: { nodeId: null, epoch: 0 },
        position: { savedAtMs: null, sourceTimeMs: null },
        capture: null,
      },
    ],
    entities: [],
    caches: [],
    nodes: [],
    activeJobs: 0,
  });
});

test('returns heads, offsets and lag per entity, and ages by one clock', async () => {
  await using database = await openTest();
  await runOnServer(database.url, twoEntities);
  const rows = await createFleetReader(database.pool)();
  const stored = rows.entities.map(({ entityId, entityName, sourceName }) => [
    entityName,
    sourceName,
    rows.extents.get(entityId),
  ]);
  expect(stored).toEqual([
    ['Customers', 'shop.customers', { head: 9, staged: 0, compaction: null, pausedSinceMs: null, deadLetterCodes: [] }],
    ['orders', 'shop.orders.eu', { head: 10, staged: null, compaction, pausedSinceMs: null, deadLetterCodes: [] }],
  ]);
  // Of the ids above 4 the odd ones belong to entity 2; 6, 8 and 10 wait for the cache of entity 1.
  expect(rows.caches).toMatchObject([{ nodeId: 'n1', entityId: 1, offset: 4, documents: 3, lagEntries: 3 }]);
  expect(rows.nowMs - (rows.caches[0]?.oldestWaitingAtMs ?? 0)).toBeGreaterThanOrEqual(0);
  expect(rows).toMatchObject({
    streams: [{ head: 10, leader: { nodeId: 'n1', epoch: 7 }, position: { sourceTimeMs: 1_700_000_000_000 } }],
  });
  expect(rows.nodes).toMatchObject([{ nodeId: 'n1', roles: ['ingest', 'replicate'] }]);
});

test('the rows of one entity equal those of the fleet and can be read while other partitions are locked', async () => {
  await using database = await openTest();
  await runOnServer(database.url, twoEntities);
  const fleet = await createFleetReader(database.pool)();
  const others = new pg.Client({ connectionString: database.url });
  await others.connect();
  try {
    await others.query('BEGIN; LOCK TABLE oplog_e2 IN ACCESS EXCLUSIVE MODE');
    await others.query('UPDATE entity SET reason = $1 WHERE id = 2', ['locked']);
    const { nowMs: _now, ...one } = await readFleetOf(database.pool, 'ORDERS');
    const { nowMs: _then, ...all } = fleet;
    expect(one).toEqual({
      ...all,
      entities: all.entities.filter(({ entityName }) => entityName === 'orders'),
      extents: new Map([[1, { head: 10, staged: null, compaction, pausedSinceMs: null, deadLetterCodes: [] }]]),
    });
    expect(one.caches).toHaveLength(1);
    expect((await readFleetOf(database.pool, 'order')).entities).toEqual([]);
  } finally {
    await others.end();
  }
});

test('only the capture report of the leader is used', async () => {
  await using database = await openTest();
  await runOnServer(database.url, twoEntities);
  const report = {
    streamOpen: true,
    replyAgeMs: 5,
    changesTotal: 9,
    bufferedOperations: 0,
    bufferedBytes: 0,
    error: null,
    errorCode: null,
    mongo: null,
    sourceOplog: null,
  };
  await writeCaptureReport(database.pool, { nodeId: 'n2', streamId: 1 }, report);
  expect((await createFleetReader(database.pool)()).streams[0]?.capture).toBeNull();
  await writeCaptureReport(database.pool, { nodeId: 'n1', streamId: 1 }, report);
  expect((await createFleetReader(database.pool)()).streams[0]?.capture).toMatchObject({ ...report, nodeId: 'n1' });
});

test('an unreachable server is EMC-3001', async () => {
  const pool = new pg.Pool({ connectionString: 'postgres://nobody@127.0.0.1:1/none', connectionTimeoutMillis: 1_000 });
  await expect(createFleetReader(pool)()).rejects.toMatchObject({ code: 'EMC-3001' });
  await pool.end();
});

test('a paused entity is paused since its newest pause succeeded, and a job of an earlier entity of the name does not count', async () => {
  await using database = await openTest();
  await runOnServer(database.url, twoEntities);
  const pausedSince = async () =>
    [...(await createFleetReader(database.pool)()).extents.values()].map((each) => each.pausedSinceMs);
  const pause = (second: number, status: string) =>
    `INSERT INTO job (id, kind, entity_name, status, created_at, finished_at, stream_id)
     VALUES (gen_random_uuid(), 'pause', 'orders', '${status}', now() + interval '${second} s', now() + interval '${second + 1} s', 1)`;
  await runOnServer(
    database.url,
    [pause(-100_000, 'succeeded'), pause(10, 'succeeded'), pause(20, 'failed')].join(';'),
  );
  expect(await pausedSince()).toEqual([null, null]);
  await runOnServer(database.url, 'UPDATE entity SET paused = true');
  const [first, second] = await pausedSince();
  expect(first).toBeNull();
  expect(second).toBeGreaterThan(Date.now());
});
