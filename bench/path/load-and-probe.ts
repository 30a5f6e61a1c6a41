import type { Collection, MongoClient } from 'mongodb';
import { sampleColumns, sampleDocument } from '../support/sample-documents.ts';
import type { EngineStack } from './engine-stack.ts';
import { createEntity, untilEntity } from './entity.ts';

/** Of the collection that provides the load. */
export const documents = 10_000;
/** Changes per second. */
export const loadPerSecond = 2_000;
const loadBatch = 50;

export type Load = Collection<{ _id: number; number?: number }>;
export type Probe = Collection<{ _id: string; sequence?: number }>;

/** Two live entities: `load`, which others change steadily, and `probe`, the one document that is timed. */
export async function createLoadAndProbe(
  stack: EngineStack,
  client: MongoClient,
): Promise<{ readonly load: Load; readonly probe: Probe }> {
  const load: Load = client.db('bench').collection('load');
  await load.insertMany(Array.from({ length: documents }, (_, index) => ({ ...sampleDocument(index), _id: index })));
  const probe: Probe = client.db('bench').collection('probe');
  await probe.insertOne({ _id: 'probe' });
  await createEntity(stack, { entityName: 'load', sourceName: 'bench.load', columns: sampleColumns });
  await createEntity(stack, {
    entityName: 'probe',
    sourceName: 'bench.probe',
    columns: [{ name: 'sequence', type: 'Integer', path: 'sequence' }],
  });
  for (const name of ['load', 'probe'])
    await untilEntity(stack, name, (entity) => entity.activity === 'live' && entity.lagEntries === 0);
  return { load, probe };
}

/** Updates the documents in turn, at `loadPerSecond`, until the signal aborts. */
export async function steadyLoad(load: Load, signal: AbortSignal): Promise<void> {
  let changes = 0;
  const startedAt = performance.now();
  while (!signal.aborted) {
    await load.bulkWrite(updates(loadBatch, changes), { ordered: false });
    changes += loadBatch;
    const due = startedAt + (changes / loadPerSecond) * 1000;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
  }
}

/** The updates of `count` documents, with the values from `from` on. */
export function updates(count: number, from: number) {
  return Array.from({ length: count }, (_, index) => ({
    updateOne: { filter: { _id: (from + index) % documents }, update: { $set: { number: from + index } } },
  }));
}
