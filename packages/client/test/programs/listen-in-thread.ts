/** A worker thread that passes on the keys of changed rows, until it is told to end. */
import { parentPort, workerData } from 'node:worker_threads';
import { openCache } from '../../src/client.ts';

const { dataDir, entity } = workerData as { dataDir: string; entity: string };
const cache = openCache({ dataDir, entity });
cache.onChange(({ changes, complete }) => {
  parentPort?.postMessage({ keys: changes.map(({ key }) => key), complete });
});
parentPort?.once('message', () => cache.close());
parentPort?.postMessage('listening');
