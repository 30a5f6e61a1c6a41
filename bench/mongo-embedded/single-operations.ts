import { setTimeout as wait } from 'node:timers/promises';
import type { Measurement } from '../support/measurement.ts';
import { type Target, withServer } from './with-server.ts';

/** How single operations arrive: what they share, such as a flush or a wake-up, depends on it. */
interface Arrival {
  readonly name: string;
  readonly clients: number;
  /** Milliseconds from one operation of a client to its next; null: as soon as the one before it is answered. */
  readonly intervalMs: number | null;
}

const arrivals: readonly Arrival[] = [
  { name: 'one client', clients: 1, intervalMs: null },
  { name: '32 clients, 2,000 per second', clients: 32, intervalMs: 16 },
  { name: '32 clients, full speed', clients: 32, intervalMs: null },
];

const documents = 1_000;

/** The compiler of Node.js is done with a small command after some 20,000. */
const warmUp = 20_000;

/** Processor time of the server per `updateOne` by `_id`, and per `ping`, which is the same way without the work. */
export async function measureSingleOperations(count: number): Promise<Measurement[]> {
  return withServer(async (target) => {
    const { client, items } = target;
    await items.insertMany(Array.from({ length: documents }, (_, index) => documentOf(index)));
    const update = async (index: number): Promise<unknown> => {
      return items.updateOne({ _id: (index % documents) as never }, { $inc: { number: 1 } });
    };
    const admin = client.db('admin');
    const ping = async (): Promise<unknown> => admin.command({ ping: 1 });
    for (const run of [update, ping]) await send({ name: 'warm-up', clients: 32, intervalMs: null }, warmUp, run);
    const measurements: Measurement[] = [];
    for (const arrival of arrivals) {
      measurements.push(await measure(target, { name: 'updateOne by _id', arrival, count, run: update }));
      measurements.push(await measure(target, { name: 'ping', arrival, count, run: ping }));
    }
    return measurements;
  });
}

function documentOf(index: number): { _id: never; number: number; note: string } {
  return { _id: index as never, number: index, note: 'x'.repeat(200) };
}

interface Run {
  readonly name: string;
  readonly arrival: Arrival;
  readonly count: number;
  readonly run: (index: number) => Promise<unknown>;
}

async function measure({ server }: Target, { name, arrival, count, run }: Run): Promise<Measurement> {
  const before = await server.cpuSeconds();
  await send(arrival, count, run);
  const seconds = (await server.cpuSeconds()) - before;
  return {
    name: `${name}, ${arrival.name}, server time`,
    value: (seconds / count) * 100_000,
    unit: 's per 100 k',
  };
}

async function send({ clients, intervalMs }: Arrival, count: number, run: Run['run']): Promise<void> {
  let next = 0;
  const startedAt = performance.now();
  const runInTurn = async (client: number): Promise<void> => {
    let dueMs = startedAt + (client * (intervalMs ?? 0)) / clients;
    for (let index = next++; index < count; index = next++) {
      if (intervalMs !== null) await wait(Math.max(0, dueMs - performance.now()));
      dueMs += intervalMs ?? 0;
      await run(index);
    }
  };
  await Promise.all(Array.from({ length: clients }, (_, client) => runInTurn(client)));
}
