/** Sends one bulkWrite from a thread of its own, so that the thread that measures is not kept busy by the driver. */
import { parentPort, workerData } from 'node:worker_threads';
import { type AnyClientBulkWriteModel, type Document, MongoClient } from 'mongodb';

const { url, statements } = workerData as { readonly url: string; readonly statements: number };

await using client = await new MongoClient(url).connect();
const models = Array.from({ length: statements }, (_, number): AnyClientBulkWriteModel<Document> => {
  return { namespace: 'bench.pinged', name: 'insertOne', document: { number, note: 'x'.repeat(200) } };
});
parentPort?.postMessage('sending');
const startedAt = performance.now();
await client.bulkWrite(models);
parentPort?.postMessage(performance.now() - startedAt);
