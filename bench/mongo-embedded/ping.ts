import { type AnyClientBulkWriteModel, type Document, MongoClient } from 'mongodb';
import { type Measurement, percentile } from '../support/measurement.ts';
import { withServer } from './with-server.ts';

const statements = 40_000;

/** How long another client waits for `ping` while one command of 40,000 statements runs. */
export async function measurePing(): Promise<Measurement[]> {
  return withServer(async ({ client, server }) => {
    const models = Array.from({ length: statements }, (_, number): AnyClientBulkWriteModel<Document> => {
      return { namespace: 'bench.pinged', name: 'insertOne', document: { number, note: 'x'.repeat(200) } };
    });
    await using other = await new MongoClient(server.url).connect();
    const waits: number[] = [];
    let isRunning = true;
    const startedAt = performance.now();
    const bulk = client.bulkWrite(models).finally(() => {
      isRunning = false;
    });
    while (isRunning) {
      const sentAt = performance.now();
      await other.db('admin').command({ ping: 1 });
      waits.push(performance.now() - sentAt);
    }
    await bulk;
    return [
      { name: `client.bulkWrite of ${statements} inserts`, value: performance.now() - startedAt, unit: 'ms' },
      { name: 'ping meanwhile, p50', value: percentile(waits, 0.5), unit: 'ms' },
      { name: 'ping meanwhile, p99', value: percentile(waits, 0.99), unit: 'ms' },
      { name: 'ping meanwhile, longest', value: Math.max(...waits), unit: 'ms' },
    ];
  });
}
