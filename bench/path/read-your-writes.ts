import { openCache } from '@emcachers/client';
import { type ClientSession, type Collection, MongoClient } from 'mongodb';
import { type Measurement, percentile } from '../support/measurement.ts';
import { startEngineStack } from './engine-stack.ts';
import { createLoadAndProbe, type Probe, steadyLoad } from './load-and-probe.ts';

const writesUnderLoad = 1_000;
const writesWhenIdle = 100;
const waitMsMax = 30_000;

interface Reading {
  readonly session: ClientSession;
  readonly collection: Probe;
  readonly dataDir: string;
}

/**
 * Each write is read back from the cache right after `waitFor` has resolved: under load, on an idle system, and for writes
 * to a collection that no entity copies. A stale read fails the run.
 */
export async function measureReadYourWrites(): Promise<Measurement[]> {
  await using stack = await startEngineStack();
  const client = new MongoClient(stack.mongoUrl);
  const { load, probe: collection } = await createLoadAndProbe(stack, client);
  const session = client.startSession();
  const reading: Reading = { session, collection, dataDir: stack.dataDir };
  const stopping = new AbortController();
  const background = steadyLoad(load, stopping.signal);
  const loaded = await readBack(reading, writesUnderLoad);
  stopping.abort();
  await background;
  const idle = await readBack(reading, writesWhenIdle);
  const elsewhere = await readElsewhere(reading, client.db('bench').collection('elsewhere'));
  await session.endSession();
  await client.close();
  return [...latencies('under load', loaded), ...latencies('idle', idle), ...latencies('idle, elsewhere', elsewhere)];
}

function latencies(when: string, values: readonly number[]): Measurement[] {
  return [0.5, 0.99].map((share) => ({
    name: `read your writes, ${when}, p${share * 100}`,
    value: percentile(values, share),
    unit: 'ms',
  }));
}

/** Milliseconds from the acknowledgement of each write to the end of the wait. */
async function readBack({ session, collection, dataDir }: Reading, writes: number): Promise<number[]> {
  using cache = openCache<{ sequence: number }>({ dataDir, entity: 'probe' });
  const taken: number[] = [];
  for (let sequence = 1; sequence <= writes; sequence += 1) {
    await collection.updateOne({ _id: 'probe' }, { $set: { sequence } }, { session });
    taken.push(await waited(session, cache));
    const found = cache.get('probe')?.sequence;
    if (found !== sequence) throw new Error(`Write ${sequence} was read back as ${found}.`);
  }
  return taken;
}

async function readElsewhere({ session, dataDir }: Reading, elsewhere: Collection): Promise<number[]> {
  using cache = openCache({ dataDir, entity: 'probe' });
  const taken: number[] = [];
  for (let write = 0; write < writesWhenIdle; write += 1) {
    await elsewhere.insertOne({ write }, { session });
    taken.push(await waited(session, cache));
  }
  return taken;
}

async function waited(session: ClientSession, cache: Pick<ReturnType<typeof openCache>, 'waitFor'>): Promise<number> {
  const time = session.operationTime;
  if (time === undefined) throw new Error('The server sent no operation time.');
  const startedAt = performance.now();
  await cache.waitFor(time, { timeoutMs: waitMsMax });
  return performance.now() - startedAt;
}
