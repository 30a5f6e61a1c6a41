import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createEntity } from '@emcachers/db/control/entities';
import { type Database, openDatabase } from '@emcachers/db/database';
import { createTestDatabase } from '@emcachers/db/testing';
import { createMongoServer } from '@emcachers/mongo-embedded';
import { MongoClient } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { getEntity } from '../../../test/support/get-entity.ts';
import { projectionOf, testColumns, until } from '../../../test/support/test-ingest.ts';
import { replayed } from '../../../test/support/test-oplog.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createMongoSource } from '../change-source/mongo-source.ts';
import { createOplogReader } from '../oplog/oplog-reader.ts';

const childFile = fileURLToPath(new URL('../../../test/programs/ingest-until-killed.ts', import.meta.url));
/** A process needs a second to start, and many on a machine that is busy. */
const slowMs = 60_000;
type Row = { _id: number; n: number; t: string };

function startChild(mongoUrl: string, databaseUrl: string): ChildProcess {
  return spawn(process.execPath, [childFile, mongoUrl, databaseUrl], { stdio: ['ignore', 'ignore', 'inherit'] });
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

/** The newest entry of each document, as a replay from the start would leave it. */
async function newestRows(database: Database, entityId: number): Promise<Map<string, string>> {
  const reader = createOplogReader(database);
  const rows = new Map<string, string>();
  for (let afterId = 0; ; ) {
    const page = await reader.readPage({
      streamId: 1,
      afterId,
      entityIds: [entityId],
      limitRows: 20_000,
      limitBytes: 1e9,
    });
    replayed(page.entries, rows);
    const last = page.entries.at(-1);
    if (last === undefined) return rows;
    afterId = last.id;
  }
}

describe('ingest after kill -9', () => {
  test('resumes and converges, whether killed during a scan or during live changes', async () => {
    await using owned = await createTestDatabase();
    const database = openDatabase({ url: owned.url });
    const server = createMongoServer({ memory: true });
    const { url } = await server.start();
    const mongo = new MongoClient(url);
    const source = createMongoSource({ url, clock: systemClock });
    let child: ChildProcess | null = null;
    try {
      const a = mongo.db('shop').collection<Row>('a');
      await a.insertMany(Array.from({ length: 10_000 }, (_, _id) => ({ _id, n: _id, t: 'first' })));
      const { entityId: id, runId } = await createEntity(database, {
        entityName: 'a',
        sourceName: 'shop.a',
        columns: [...testColumns],
      });
      const entity = () => getEntity(database, 'a');
      for (let round = 0; round < 2; round++) {
        const before = (await entity()).scan.scanned;
        child = startChild(url, owned.url);
        await until(async () => (await entity()).scan.scanned > before + 300, slowMs);
        await a.updateMany({ _id: { $mod: [10, round] } }, { $set: { n: -round } });
        await a.deleteMany({ _id: { $gte: round * 100, $lt: round * 100 + 50 } });
        await kill(child);
      }
      const saved = (): Promise<string | undefined> =>
        database.pool
          .query<{ token: string }>(`SELECT coalesce(encode(token, 'hex'), '') AS token FROM mongo_resume_token`)
          .then(({ rows }) => rows[0]?.token);
      for (let round = 0; round < 3; round++) {
        const before = await saved();
        child = startChild(url, owned.url);
        await until(async () => (await entity()).lifecycle === 'live', slowMs);
        const writing = a.updateMany({ _id: { $mod: [7, round] } }, { $set: { t: `round ${round}` }, $inc: { n: 1 } });
        await until(async () => (await saved()) !== before, slowMs);
        await kill(child);
        await writing;
      }
      child = startChild(url, owned.url);
      await mongo.db('elsewhere').collection('marker').insertOne({});
      const passed = await source.operationTime();
      await until(async () => {
        const { rows } = await database.pool.query<{ time: string }>(
          'SELECT cluster_time::text AS time FROM mongo_resume_token',
        );
        return BigInt(rows[0]?.time ?? 0) >= passed;
      }, slowMs);
      expect(await newestRows(database, id)).toEqual(await projectionOf(source, await entity()));
      expect((await entity()).runId).toBe(runId);
    } finally {
      if (child?.exitCode === null && child.signalCode === null) await kill(child);
      await mongo.close();
      await source.close();
      await server.stop();
      await database.close();
    }
  }, 240_000);
});
