import { expect, test } from 'vitest';
import { openIngestBench, until } from '../../../test/support/test-ingest.ts';

test('a channel with room for four operations drops nothing, and says how often and how long changes waited', async () => {
  await using bench = await openIngestBench();
  await bench.create('orders');
  const channel = { opsMax: 4, batchOpsMax: 2, lingerMs: 0 };
  const { ingest } = bench.run({ channel, rowBytesMax: 4_000 });
  await bench.settled('orders');
  const orders = bench.mongo.db('shop').collection<{ _id: number; n: number; t?: string }>('orders');
  await orders.insertMany(Array.from({ length: 200 }, (_, index) => ({ _id: index, n: index })));
  await orders.insertOne({ _id: 1_000, n: 1, t: 'x'.repeat(5_000) });
  // The counts follow the commit.
  await until(() => ingest.flow()[0]?.deadLettered === 1);
  const { entityId } = await bench.oplog.entity('orders');
  const [flow] = ingest.flow();
  // The dead letter also deletes the row that the document may have had.
  expect(flow).toMatchObject({ entityId, entityName: 'orders', processed: 200 + 1, deadLettered: 1 });
  expect(flow?.blocked).toBeGreaterThan(0);
  expect(flow?.blockedMs).toBeGreaterThan(0);
  expect((await bench.replayed('orders')).size).toBe(200);
});
