/** A worker thread that reads one row and waits for a place. */
import { parentPort, workerData } from 'node:worker_threads';
import { openCache } from '../../src/client.ts';

const { dataDir, entity, time } = workerData as { dataDir: string; entity: string; time: bigint };
using cache = openCache<{ n: number }>({ dataDir, entity });
parentPort?.postMessage(cache.get('a')?.n);
await cache.waitFor(time, { timeoutMs: 20_000 });
parentPort?.postMessage(cache.get('a')?.n);
