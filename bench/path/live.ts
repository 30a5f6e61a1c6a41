import path from 'node:path';
import Database from 'better-sqlite3';
import { MongoClient } from 'mongodb';
import { type Measurement, percentile } from '../support/measurement.ts';
import { type EngineStack, startEngineStack } from './engine-stack.ts';
import {
  createLoadAndProbe,
  documents,
  type Load,
  loadPerSecond,
  type Probe,
  steadyLoad,
  updates,
} from './load-and-probe.ts';
import { probeLatencies } from './probe-latencies.ts';

const latencyMs = 10_000;
const burstChanges = 50_000;

/** Live changes: latency from source to cache file under steady load, and maximum throughput. */
export async function measureLive(): Promise<Measurement[]> {
  await using stack = await startEngineStack();
  const client = new MongoClient(stack.mongoUrl);
  const { load, probe } = await createLoadAndProbe(stack, client);
  const latencies = await underLoad(stack, load, probe);
  const burst = await measureBurst(stack, load);
  await client.close();
  const label = `change to cache at ${loadPerSecond.toLocaleString('en-US')} changes/s`;
  return [
    { name: `${label}, p50`, value: percentile(latencies, 0.5), unit: 'ms' },
    { name: `${label}, p99`, value: percentile(latencies, 0.99), unit: 'ms' },
    ...burst,
  ];
}

async function underLoad(stack: EngineStack, load: Load, probe: Probe): Promise<number[]> {
  const stopping = new AbortController();
  const background = steadyLoad(load, stopping.signal);
  const latencies = await probeLatencies(stack, probe, AbortSignal.timeout(latencyMs));
  stopping.abort();
  await background;
  return latencies;
}

/** A burst of changes, timed from the first write until the last one is in the file. */
async function measureBurst(stack: EngineStack, load: Load): Promise<Measurement[]> {
  const database = new Database(path.join(stack.dataDir, 'dbs/load/db.sqlite'), { readonly: true });
  const read = database.prepare('SELECT count(*) FROM load WHERE number >= ?').pluck();
  const from = 10_000_000;
  const before = await stack.usage();
  const startedAt = performance.now();
  for (let done = 0; done < burstChanges; done += 1_000)
    await load.bulkWrite(updates(1_000, from + done), { ordered: false });
  const writtenAt = performance.now();
  const expected = documents;
  const newest = from + burstChanges - documents;
  while (Number(read.get(newest)) < expected) await new Promise((resolve) => setTimeout(resolve, 5));
  const seconds = (performance.now() - startedAt) / 1000;
  const after = await stack.usage();
  database.close();
  return [
    { name: 'live burst, end to end', value: burstChanges / seconds, unit: 'ops/s' },
    { name: 'live burst, writing alone', value: burstChanges / ((writtenAt - startedAt) / 1000), unit: 'ops/s' },
    {
      name: 'live burst, engine processor',
      value: ((after.cpuSeconds - before.cpuSeconds) / burstChanges) * 100_000,
      unit: 's per 100 k',
    },
  ];
}
