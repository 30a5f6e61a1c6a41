import type { Document } from 'mongodb';
import type { Measurement } from '../support/measurement.ts';
import { type Target, withServer } from './with-server.ts';

/** Single operations that one client has in flight at a time. */
const inFlight = 16;

export interface OperationSizes {
  readonly documents: number;
}

/** Processor time of the server for one kind of operation. Its clock ticks in 10 ms, so a run must take far longer than that. */
interface Operation {
  readonly name: string;
  readonly count: number;
  readonly run: (index: number) => Promise<unknown>;
}

/** Processor time per operation, one after the other on one server: single operations, then batches. */
export async function measureOperations({ documents }: OperationSizes): Promise<Measurement[]> {
  return withServer(async (target) => {
    const measurements: Measurement[] = [];
    for (const operation of operationsOn(target, documents)) measurements.push(await measure(target, operation));
    return measurements;
  });
}

function operationsOn({ client, items }: Target, documents: number): Operation[] {
  const single = Math.min(documents, 20_000);
  const indexed = items.db.collection('indexed');
  const body = (index: number): Document => ({ number: index, group: index % 2_000, note: 'x'.repeat(200) });
  const batch = (from: number): Document[] => Array.from({ length: 10_000 }, (_, index) => body(from + index));
  const many = Array.from({ length: single }, (_, index) => ({ _id: index as never, ...body(index) }));
  return [
    {
      name: 'insertOne',
      count: single,
      run: async (index) => items.insertOne({ _id: index as never, ...body(index) }),
    },
    { name: 'findOne by _id', count: single, run: async (index) => items.findOne({ _id: index as never }) },
    {
      name: 'updateOne by _id',
      count: single,
      run: async (index) => items.updateOne({ _id: index as never }, { $inc: { number: 1 } }),
    },
    { name: 'deleteOne by _id', count: single, run: async (index) => items.deleteOne({ _id: index as never }) },
    batched('insertMany of 10,000', async (index) => items.insertMany(batch(index * 10_000))),
    batched('client.bulkWrite of 10,000 inserts', async () =>
      client.bulkWrite(batch(0).map((document) => ({ namespace: 'bench.items', name: 'insertOne', document }))),
    ),
    batched('bulkWrite of 10,000 updates by _id', async () => {
      if ((await indexed.findOne({ _id: 0 as never })) === null) await indexed.insertMany(many);
      const updates = many.slice(0, 10_000).map(({ _id }) => ({
        updateOne: { filter: { _id }, update: { $inc: { number: 1 } } },
      }));
      await indexed.bulkWrite(updates);
    }),
    {
      name: 'updateOne by a field with an index',
      count: 2_000,
      run: async (index) => {
        if (index === 0) await indexed.createIndex({ number: 1 });
        await indexed.updateOne({ number: index + 5_000 }, { $set: { seen: true } });
      },
    },
  ];
}

function batched(name: string, run: (index: number) => Promise<unknown>): Operation {
  return { name, count: 50_000, run: async (index) => (index % 10_000 === 0 ? run(index / 10_000) : undefined) };
}

async function measure({ server }: Target, { name, count, run }: Operation): Promise<Measurement> {
  await run(0);
  const before = await server.cpuSeconds();
  let next = 1;
  const runInTurn = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await run(index);
  };
  await Promise.all(Array.from({ length: inFlight }, runInTurn));
  const seconds = (await server.cpuSeconds()) - before;
  return { name: `${name}, server time`, value: (seconds / count) * 100_000, unit: 's per 100 k' };
}
