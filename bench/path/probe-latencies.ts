import path from 'node:path';
import Database from 'better-sqlite3';
import type { EngineStack } from './engine-stack.ts';
import type { Probe } from './load-and-probe.ts';

const probesPerSecond = 50;

/**
 * Changes the probe document repeatedly until the signal aborts, while a reader polls its cache file every millisecond.
 * Returns the milliseconds from each acknowledged write until the row has it. A value that the next one overtook is not counted.
 */
export async function probeLatencies(stack: EngineStack, probe: Probe, signal: AbortSignal): Promise<number[]> {
  const reading = new AbortController();
  const sentAt = new Map<number, number>();
  const latencies: number[] = [];
  const reader = watchProbe(stack, reading.signal, (sequence) => {
    const sent = sentAt.get(sequence);
    if (sent !== undefined) latencies.push(performance.now() - sent);
  });
  for (let sequence = 1; !signal.aborted; sequence += 1) {
    const pause = new Promise((resolve) => setTimeout(resolve, 1000 / probesPerSecond));
    await probe.updateOne({ _id: 'probe' }, { $set: { sequence } });
    // Timed from the acknowledgement: the time before it is the client's round trip.
    sentAt.set(sequence, performance.now());
    await pause;
  }
  reading.abort();
  await reader;
  return latencies;
}

async function watchProbe(
  stack: EngineStack,
  signal: AbortSignal,
  onChange: (sequence: number) => void,
): Promise<void> {
  const database = new Database(path.join(stack.dataDir, 'dbs/probe/db.sqlite'), { readonly: true });
  const read = database.prepare('SELECT sequence FROM probe').pluck();
  let last = 0;
  while (!signal.aborted) {
    const sequence = Number(read.get() ?? 0);
    if (sequence !== last) onChange(sequence);
    last = sequence;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  database.close();
}
