import { Worker } from 'node:worker_threads';
import { type Measurement, percentile } from '../support/measurement.ts';
import { withServer } from './with-server.ts';

const statements = 40_000;

/** How long a client waits for `ping` while a command of 40,000 statements runs for another one. */
export async function measurePing(): Promise<Measurement[]> {
  return withServer(async ({ client, server }) => {
    const { promise: bulkMs, resolve, reject } = Promise.withResolvers<number>();
    const thread = new Worker(new URL('./bulk-thread.ts', import.meta.url), {
      workerData: { url: server.url, statements },
    });
    thread.once('error', reject);
    const waits: number[] = [];
    let isRunning = false;
    thread.on('message', (message: unknown) => {
      isRunning = message === 'sending';
      if (typeof message === 'number') resolve(message);
    });
    let isOver = false;
    const over = bulkMs.finally(() => {
      isOver = true;
    });
    while (!isOver) {
      const sentAt = performance.now();
      await client.db('admin').command({ ping: 1 });
      if (isRunning) waits.push(performance.now() - sentAt);
    }
    return [
      { name: `client.bulkWrite of ${statements} inserts`, value: await over, unit: 'ms' },
      { name: 'ping meanwhile, p50', value: percentile(waits, 0.5), unit: 'ms' },
      { name: 'ping meanwhile, p99', value: percentile(waits, 0.99), unit: 'ms' },
      { name: 'ping meanwhile, longest', value: Math.max(...waits), unit: 'ms' },
    ];
  });
}
