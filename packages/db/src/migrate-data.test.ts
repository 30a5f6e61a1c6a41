import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createEntityList } from './control/entity-list.ts';
import { openDatabase } from './database.ts';
import { createFleetReader } from './fleet/read-fleet.ts';
import { createJobStore } from './job/job-store.ts';
import { openCandidacy } from './leadership.ts';
import { migrate } from './migrate.ts';
import { createEmptyDatabase, runOnServer, type TestDatabase } from './testing.ts';

const shipped = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));

async function migrationNames(): Promise<string[]> {
  const entries = await readdir(shipped, { withFileTypes: true });
  return entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).toSorted();
}

/** The database as an engine left it that knew the migrations up to this one. */
async function migrateTo(database: TestDatabase, last: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'emcachers-migrations-'));
  try {
    for (const name of (await migrationNames()).filter((each) => each <= last))
      await cp(join(shipped, name), join(folder, name), { recursive: true });
    await migrate(database.url, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What the first engine wrote: a live entity with four entries, one that is scanned, and one that has failed. */
const firstRelease = `
INSERT INTO entity (name, name_lower, source_database, source_collection, columns, shape_hash, run_id, lifecycle, route, live_from_id, scan_scanned)
VALUES ('orders', 'orders', 'shop', 'orders', '[{"name":"total","type":"Number","path":"total"}]', 'x', gen_random_uuid(), 'live', 'oplog', 3, 3),
       ('Clients', 'clients', 'shop', 'clients', '[{"name":"city","type":"Text","path":"a.b"}]', 'y', gen_random_uuid(), 'scanning', 'staging', NULL, 7),
       ('broken', 'broken', 'shop', 'broken', '[{"name":"n","type":"Any","path":"n"}]', 'z', gen_random_uuid(), 'failed', 'none', NULL, 0);
CREATE TABLE oplog_e1 PARTITION OF oplog FOR VALUES IN (1);
CREATE TABLE oplog_e2 PARTITION OF oplog FOR VALUES IN (2);
CREATE TABLE oplog_e3 PARTITION OF oplog FOR VALUES IN (3);
INSERT INTO oplog (entity_id, operation, doc_id, data, version, epoch)
VALUES (1, 'Upsert', 'd1', '[1]', 1, 4), (1, 'Upsert', 'd2', '[2]', 1, 4), (1, 'Upsert', 'd3', '[3]', 1, 4), (1, 'Delete', 'd2', NULL, 1, 5);
UPDATE metadata SET value = '4' WHERE key = 'head';
INSERT INTO oplog_staging (entity_id, run_id, operation, doc_id, data, epoch)
SELECT id, run_id, 'Upsert', 'c1', '["Ulm"]', 5 FROM entity WHERE name = 'Clients';
INSERT INTO dead_letter (entity_id, doc_id, error_code, reason, raw) VALUES (1, 'd9', 'EMC-6002', 'Too large.', '\\x05');
UPDATE leader SET epoch = 5, node_id = 'n1';
UPDATE mongo_resume_token SET token = '\\x07', token_data = '82', cluster_time = 1700000000::numeric * 4294967296 + 5, version = 2, status = 'live', saved_at = now();
INSERT INTO node (id, roles, host) VALUES ('n1', '{ingest,replicate}', 'here');
INSERT INTO node_offset (node_id, entity_id, offset_id, documents, state, applied_total, published, generation) VALUES ('n1', 1, 4, 2, 'level', 4, true, 1);
INSERT INTO job (id, kind, entity_name, status, created_at) VALUES
  (gen_random_uuid(), 'refresh', 'orders', 'succeeded', now() - interval '1 hour'), (gen_random_uuid(), 'refresh', 'Clients', 'queued', now());
INSERT INTO audit (actor, action, entity_name) VALUES ('127.0.0.1', 'entity.create', 'orders');
INSERT INTO incident (subject, error_code, detail) VALUES ('entity:broken', 'EMC-2007', 'Not authorized.');
INSERT INTO idempotency_key (key, request_hash, status_code, response, expires_at) VALUES ('k', 'h', 201, '{}', now() + interval '1 day');`;

/** What releases after that one added, in the state before streams existed. */
const beforeStreams = `
INSERT INTO leader_term (epoch, first_id) VALUES (4, 1), (5, 4);
UPDATE leader SET renewed_at = now() - interval '1 hour', lease_ms = 3000;
INSERT INTO oplog_compaction (entity_id, horizon, compacted_to, kept, tombstones, removed_total, entries) VALUES (1, 4, 4, 3, 1, 12, 4);
INSERT INTO column_count (entity_id, column_index, met) VALUES (1, 0, 3);
UPDATE mongo_resume_token SET source_id = 'rs', passed_time = cluster_time;`;

const foundWrong = `
INSERT INTO verification (entity_id, node_id, job_id, repair, state, missing, generation)
VALUES (1, 'n1', gen_random_uuid(), false, 'different', 2, 1);`;

async function openMigrated(prepare: (database: TestDatabase) => Promise<void>) {
  const created = await createEmptyDatabase();
  await prepare(created);
  await migrate(created.url);
  const database = openDatabase({ url: created.url });
  return {
    ...{ url: created.url, database, rows: await createFleetReader(database.pool)() },
    async [Symbol.asyncDispose]() {
      await database.close();
      await created[Symbol.asyncDispose]();
    },
  };
}

const releases = {
  'the first release': async (created: TestDatabase) => {
    await migrateTo(created, '0001_oplog_and_control');
    await runOnServer(created.url, firstRelease);
  },
  'the release before streams': async (created: TestDatabase) => {
    await migrateTo(created, '0001_oplog_and_control');
    await runOnServer(created.url, firstRelease);
    await migrateTo(created, '0012_node_departure');
    await runOnServer(created.url, foundWrong);
    await migrateTo(created, '0014_filter_and_mask');
    await runOnServer(created.url, beforeStreams);
  },
};

describe.each(Object.entries(releases))('data of %s, after the migration', (_release, prepare) => {
  test('belongs to the default stream, with its head, leader and position', async () => {
    await using opened = await openMigrated(prepare);
    const { rows } = opened;
    expect(rows.streams).toMatchObject([
      {
        ...{ streamId: 1, streamName: 'default', head: 4, leader: { nodeId: 'n1', epoch: 5 } },
        position: { sourceTimeMs: 1_700_000_000_000 },
      },
    ]);
    expect(rows.entities.map(({ entityName, streamName, lifecycle }) => [entityName, streamName, lifecycle])).toEqual([
      ['broken', 'default', 'failed'],
      ['Clients', 'default', 'scanning'],
      ['orders', 'default', 'live'],
    ]);
    expect(rows.caches).toMatchObject([{ nodeId: 'n1', entityId: 1, offset: 4, lagEntries: 0 }]);
    expect(rows.activeJobs).toBe(1);
  });

  test('is neither lost nor changed: entries, staged operations, dead letters, jobs and records', async () => {
    await using opened = await openMigrated(prepare);
    const { pool } = opened.database;
    const read = async (sql: string) => (await pool.query({ text: sql, rowMode: 'array' })).rows;
    expect(await read('SELECT id, doc_id, data, epoch, unit FROM oplog ORDER BY id')).toEqual([
      [1, 'd1', '[1]', 4, 0],
      [2, 'd2', '[2]', 4, 0],
      [3, 'd3', '[3]', 4, 0],
      [4, 'd2', null, 5, 0],
    ]);
    expect(await read('SELECT doc_id, data FROM oplog_staging JOIN entity USING (run_id)')).toEqual([
      ['c1', '["Ulm"]'],
    ]);
    expect(await read('SELECT doc_id, raw, attempts FROM dead_letter')).toEqual([['d9', Buffer.from([5]), 1]]);
    expect(await read('SELECT token_data, version, status FROM mongo_resume_token')).toEqual([['82', 2, 'live']]);
    expect(await read('SELECT entity_name, status, stream_id FROM job ORDER BY created_at')).toEqual([
      ['orders', 'succeeded', 1],
      ['Clients', 'queued', 1],
    ]);
    expect(
      await read('SELECT (SELECT count(*) FROM audit), (SELECT count(*) FROM incident), key FROM idempotency_key'),
    ).toEqual([[1, 1, 'k']]);
    expect(await read(`SELECT count(*) FROM metadata WHERE key IN ('head', 'horizon')`)).toEqual([[0]]);
  });

  test('can be worked with: only the live entity is whole, another node leads, a waiting job is claimed, the next ids follow', async () => {
    await using opened = await openMigrated(prepare);
    const { database } = opened;
    const entities = await createEntityList(database)();
    const gaps = await database.pool.query('SELECT name FROM entity WHERE NOT has_gap');
    expect([entities.length, gaps.rows]).toEqual([3, [{ name: 'orders' }]]);
    await using candidacy = await openCandidacy({ url: opened.url, streamId: 1, nodeId: 'n2', leaseMs: 60_000 });
    await using leadership = await candidacy.stand();
    expect(leadership?.epoch).toBe(6);
    expect(await createJobStore(database, 6).claim(5)).toMatchObject([{ kind: 'refresh', entityName: 'Clients' }]);
    await database.pool.query(
      `INSERT INTO oplog (entity_id, operation, doc_id, data, version, epoch) VALUES (1, 'Upsert', 'd4', '[4]', 1, 6)`,
    );
    expect((await database.pool.query('SELECT max(id) AS id FROM oplog')).rows).toEqual([{ id: 5 }]);
    const settings = await database.pool.query(
      `SELECT count(*) AS tuned FROM pg_class WHERE relname LIKE 'oplog_e_' AND 'autovacuum_vacuum_scale_factor=0.05' = ANY (reloptions)`,
    );
    expect(settings.rows).toEqual([{ tuned: 3 }]);
  });
});

test('terms of leadership, compaction and wrong rows of the release before streams are kept', async () => {
  await using opened = await openMigrated(releases['the release before streams']);
  const { rows, database } = opened;
  expect(rows.extents.get(1)).toMatchObject({ head: 4, compaction: { horizon: 4, removed: 12 } });
  const terms = await database.pool.query(
    'SELECT epoch, first_id AS "firstId", stream_id AS "streamId" FROM leader_term ORDER BY epoch',
  );
  expect(terms.rows).toEqual([
    { epoch: 4, firstId: 1, streamId: 1 },
    { epoch: 5, firstId: 4, streamId: 1 },
  ]);
  expect((await database.pool.query('SELECT wrong, missing FROM verification')).rows).toEqual([
    { wrong: 2, missing: 2 },
  ]);
});
