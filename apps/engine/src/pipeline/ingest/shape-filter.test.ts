import { createEntity } from '@emcachers/db/control/entities';
import { readDeadLetters } from '@emcachers/db/fleet/read-dead-letters';
import { describe, expect, test } from 'vitest';
import { getEntity } from '../../../test/support/get-entity.ts';
import { type IngestBench, openIngestBench, until } from '../../../test/support/test-ingest.ts';
import { storedShape } from '../../control/entity/stored-shape.ts';
import { selectionOf } from '../../control/job/document-input.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createDeadLetterRetry } from './dead-letter-retry.ts';
import { createPartialRefresh } from './partial-refresh.ts';
import { ScanThrottle } from './scan-throttle.ts';

interface Order {
  readonly _id: number;
  readonly status: string;
  readonly total?: unknown;
}

const projection = { rowBytesMax: 1_000_000, maskKey: null };

/** Orders, of which only the open ones with a total of ten or more are copied. */
async function openOrders(orders: readonly Order[]) {
  const bench = await openIngestBench();
  const items = bench.mongo.db('shop').collection<Order>('orders');
  if (orders.length > 0) await items.insertMany([...orders]);
  await bench.mongo.db('elsewhere').collection('marker').insertOne({});
  const shape = {
    entityName: 'open_orders',
    sourceName: 'shop.orders',
    columns: [{ name: 'total', type: 'Integer', path: 'total', whenRefused: 'dead-letter' } as const],
    where: { status: 'open', total: { $gte: 10 } },
  };
  await createEntity(bench.oplog.database, storedShape(shape, null));
  return { bench, items, [Symbol.asyncDispose]: () => bench[Symbol.asyncDispose]() };
}

const name = 'open_orders';
const orderOf = (_id: number, status = 'open', total: unknown = 10): Order => ({ _id, status, total });

async function idsOf(bench: IngestBench): Promise<string[]> {
  return [...(await bench.replayed(name)).keys()].toSorted();
}

async function entriesOf(bench: IngestBench): Promise<string[]> {
  const { entries } = await bench.oplog.page((await bench.oplog.entity(name)).entityId);
  return entries.map(({ kind, docId }) => `${kind} ${docId}`);
}

describe('I1: an entity with a filter', () => {
  test('has the documents that match at its scan, and counts the others', async () => {
    await using opened = await openOrders([orderOf(1), orderOf(2, 'paid'), orderOf(3, 'open', 9), orderOf(4)]);
    const { bench } = opened;
    bench.run();
    await bench.settled(name);
    expect(await idsOf(bench)).toEqual(['n:1', 'n:4']);
    expect(await entriesOf(bench)).toEqual(['Upsert n:1', 'Upsert n:4']);
    const { filteredOut, scan } = await bench.oplog.entity(name);
    expect({ filteredOut, scanned: scan.scanned }).toEqual({ filteredOut: 2, scanned: 4 });
  });

  test('a document that leaves the filter is deleted, and returns with it, ten times over', async () => {
    await using opened = await openOrders([orderOf(1), orderOf(2)]);
    const { bench, items } = opened;
    bench.run();
    await bench.settled(name);
    for (let round = 1; round <= 10; round += 1) {
      await items.updateOne({ _id: 1 }, { $set: { status: 'paid' } });
      await bench.settled(name);
      expect(await idsOf(bench)).toEqual(['n:2']);
      await items.updateOne({ _id: 1 }, { $set: { status: 'open', total: 10 + round } });
      await bench.settled(name);
      expect((await bench.replayed(name)).get('n:1')).toBe(`[${10 + round}]`);
    }
    await items.replaceOne({ _id: 2 }, { status: 'open', total: 1 });
    await bench.settled(name);
    expect(await idsOf(bench)).toEqual(['n:1']);
  });

  test('a document that is inserted outside leaves no entry, and one that is deleted while outside no row', async () => {
    await using opened = await openOrders([orderOf(1)]);
    const { bench, items } = opened;
    bench.run();
    await bench.settled(name);
    await items.insertMany([orderOf(2, 'paid'), orderOf(3, 'open', 1)]);
    await bench.settled(name);
    expect(await entriesOf(bench)).toEqual(['Upsert n:1']);
    await items.updateOne({ _id: 1 }, { $set: { status: 'paid' } });
    await items.deleteMany({});
    await bench.settled(name);
    expect(await idsOf(bench)).toEqual([]);
    await items.insertMany([orderOf(1, 'paid'), orderOf(2)]);
    await bench.settled(name);
    expect(await idsOf(bench)).toEqual(['n:2']);
    expect(await bench.replayed(name)).toEqual(await bench.projected(name));
  });

  test('a document that changes twice in one transaction has the state of its end', async () => {
    await using opened = await openOrders([orderOf(1)]);
    const { bench, items } = opened;
    bench.run();
    await bench.settled(name);
    await bench.mongo.withSession((session) =>
      session.withTransaction(async () => {
        await items.deleteOne({ _id: 1 }, { session });
        await items.insertOne(orderOf(1, 'paid'), { session });
        await items.insertOne(orderOf(2, 'paid'), { session });
        await items.updateOne({ _id: 2 }, { $set: { status: 'open' } }, { session });
      }),
    );
    await bench.settled(name);
    expect(await idsOf(bench)).toEqual(['n:2']);
  });

  test('I4: changes that are delivered again give the same rows', async () => {
    await using opened = await openOrders([orderOf(1)]);
    const { bench, items } = opened;
    const first = bench.run();
    await bench.settled(name);
    await first.stop();
    const { position } = await bench.oplog.writer.readPosition();
    if (position === null) throw new Error('no position');
    await items.insertMany([orderOf(2, 'paid'), orderOf(3)]);
    await items.updateOne({ _id: 2 }, { $set: { status: 'open' } });
    await items.updateOne({ _id: 3 }, { $set: { status: 'paid' } });
    await items.deleteOne({ _id: 1 });
    const second = bench.run();
    await bench.settled(name);
    await second.stop();
    const before = await bench.replayed(name);
    const table = 'mongo_resume_token';
    const values = [position.token, position.tokenData, String(position.clusterTime)];
    await bench.oplog.database.pool.query(
      `UPDATE ${table} SET token = $1, token_data = $2, cluster_time = $3::numeric`,
      values,
    );
    const entries = (await entriesOf(bench)).length;
    bench.run();
    await until(async () => (await entriesOf(bench)).length > entries);
    await bench.settled(name);
    expect(await bench.replayed(name)).toEqual(before);
    expect(before).toEqual(await bench.projected(name));
  });
});

describe('I7: the sweep of an entity with a filter', () => {
  test('counts every document that the scan read, and deletes what left the filter while the position was lost', async () => {
    const orders = Array.from({ length: 120 }, (_, index) => orderOf(index, index % 2 === 0 ? 'open' : 'paid'));
    await using opened = await openOrders(orders);
    const { bench, items } = opened;
    const first = bench.run();
    await bench.settled(name);
    await first.stop();
    await items.updateMany({ _id: { $lt: 10 } }, { $set: { status: 'paid' } });
    await items.deleteMany({ _id: { $gte: 110 } });
    await bench.oplog.writer.resetPosition({ reason: 'The history is lost.', errorCode: 'EMC-2003' });
    bench.run({ pageDocumentsMax: 20 });
    await bench.settled(name);
    expect(await bench.replayed(name)).toEqual(await bench.projected(name));
    expect((await bench.replayed(name)).size).toBe(50);
    expect((await bench.oplog.entity(name)).scan.scanned).toBe(110);
  });
});

describe('a document that is read again', () => {
  test('by a partial refresh is deleted if it is outside of the filter, and written if it is inside', async () => {
    await using opened = await openOrders([orderOf(1), orderOf(2, 'paid'), orderOf(3)]);
    const { bench, items } = opened;
    const running = bench.run();
    await bench.settled(name);
    const { entityId } = await bench.oplog.entity(name);
    const { pool } = bench.oplog.database;
    const head = await pool.query<{ id: number }>('SELECT max(id) AS id FROM oplog');
    await items.updateOne({ _id: 1 }, { $set: { status: 'paid' } });
    await items.updateOne({ _id: 2 }, { $set: { status: 'open' } });
    await bench.settled(name);
    // The oplog forgets what the stream brought, so that only the refresh can mend the rows.
    await pool.query('DELETE FROM oplog WHERE entity_id = $1 AND id > $2', [entityId, head.rows[0]?.id]);
    expect(await idsOf(bench)).toEqual(['n:1', 'n:3']);
    const { database, writer } = bench.oplog;
    const run = createPartialRefresh({
      ...{ database, source: bench.source, writer, projection },
      clock: systemClock,
      throttle: new ScanThrottle(systemClock, 0),
    });
    const tally = await run({
      entity: await getEntity(database, name),
      selection: selectionOf({ query: { _id: { $lte: 2 } } }),
      signal: new AbortController().signal,
      onProgress: async () => undefined,
    });
    expect(tally).toEqual({ written: 1, gone: 1, refused: 0, changed: 0 });
    expect(await bench.replayed(name)).toEqual(await bench.projected(name));
    await running.stop();
  });

  test('by a retry of its dead letter loses the letter if it is outside of the filter now', async () => {
    await using opened = await openOrders([orderOf(1, 'open', 10.5)]);
    const { bench, items } = opened;
    bench.run();
    await bench.settled(name);
    const { database, writer } = bench.oplog;
    const { entityId } = await bench.oplog.entity(name);
    const letters = () => readDeadLetters(database, { entityId, limit: 10 });
    expect(await letters()).toMatchObject([{ docId: 'n:1', errorCode: 'EMC-6003' }]);
    await database.pool.query('CREATE TABLE kept AS SELECT * FROM dead_letter');
    await items.updateOne({ _id: 1 }, { $set: { status: 'paid' } });
    await bench.settled(name);
    expect(await letters()).toEqual([]);
    await database.pool.query('INSERT INTO dead_letter OVERRIDING SYSTEM VALUE SELECT * FROM kept');
    const retry = createDeadLetterRetry({ database, source: bench.source, writer, clock: systemClock, projection });
    const tally = await retry({
      entity: await getEntity(database, name),
      docIds: null,
      signal: new AbortController().signal,
      onProgress: async () => undefined,
    });
    expect(tally).toMatchObject({ total: 1, gone: 1, copied: 0, refused: 0 });
    expect(await letters()).toEqual([]);
  });
});
