import { createFleetReader } from '@emcachers/db/fleet/read-fleet';
import { expect, test } from 'vitest';
import { openIngestBench } from '../../../test/support/test-ingest.ts';
import { healthReport } from '../../observability/health.ts';
import { columnCountsOf, warningsOf } from './column-warnings.ts';
import { createFleetMeasures } from './fleet-measures.ts';
import { fleetView } from './fleet-view.ts';

test('a path that met nothing in a scan is a warning until a document has it; a refresh counts anew', async () => {
  await using bench = await openIngestBench();
  const orders = bench.mongo.db('shop').collection<{ _id: number; n?: unknown; t?: string }>('orders');
  await orders.insertMany([{ _id: 1, n: 1 }, { _id: 2, n: 'x' }, { _id: 3 }]);
  await bench.create('orders');
  bench.run();
  await bench.settled('orders');
  const scanned = await bench.oplog.entity('orders');
  expect(columnCountsOf(scanned)).toEqual([
    { name: 'n', met: 2, coercionErrors: 1 },
    { name: 't', met: 0, coercionErrors: 0 },
  ]);
  expect(warningsOf(scanned)).toEqual(['The path t of column t met no value in 3 scanned documents.']);
  const rows = await createFleetReader(bench.oplog.database.pool)();
  const view = fleetView({ rows, reachable: true, readAgeMs: 0, nodeId: 'n1', measures: createFleetMeasures() });
  expect(healthReport({ view, ageMs: 0 }, []).warnings).toEqual([
    { entityName: 'orders', warning: 'The path t of column t met no value in 3 scanned documents.' },
  ]);
  await bench.refresh('orders');
  await bench.settled('orders');
  expect((await bench.oplog.entity('orders')).coercionErrors).toBe(1);
  await orders.updateOne({ _id: 3 }, { $set: { t: 'found' } });
  await bench.settled('orders');
  expect(warningsOf(await bench.oplog.entity('orders'))).toEqual([]);
});

test('an entity of an empty collection has no warning', async () => {
  await using bench = await openIngestBench();
  await bench.mongo.db('shop').createCollection('orders');
  await bench.create('orders');
  bench.run();
  await bench.settled('orders');
  expect(warningsOf(await bench.oplog.entity('orders'))).toEqual([]);
});

test('a collection that does not exist is a warning, before it is created and after it was dropped', async () => {
  await using bench = await openIngestBench();
  const missing = [
    'MongoDB had no collection shop.orders at the last look. Documents are copied as soon as it has some.',
  ];
  const warnings = async () => warningsOf(await bench.oplog.entity('orders'));
  await bench.create('orders');
  bench.run({ sourceCheckMs: 20 });
  await bench.settled('orders');
  expect(await warnings()).toEqual(missing);
  const orders = bench.mongo.db('shop').collection<{ _id: number; n: number; t: string }>('orders');
  await orders.insertOne({ _id: 1, n: 1, t: 'x' });
  await expect.poll(warnings).toEqual([]);
  await orders.drop();
  await expect.poll(warnings).toEqual(missing);
});
