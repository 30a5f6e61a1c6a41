/**
 * A long fuzz run by command:
 *
 *   node packages/mongo-embedded/test/fuzz-run.ts --count 100000 [--seed 1] [--connections 8]
 *
 * Starts the server as a process of its own, sends wrong messages, watches its memory and sockets, and fails where it
 * crashed, hung, or kept growing.
 */
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz/fuzz.ts';
import { type ServerProcess, startServerProcess } from './server-process.ts';

/** Growth that a garbage-collected process shows without a leak, from the first tenth of the run to its end. */
const GROWTH_BYTES_MAX = 150_000_000;
const OPEN_FILES_GROWTH_MAX = 20;

interface Weight {
  readonly bytes: number;
  readonly files: number;
}

async function weigh(server: ServerProcess): Promise<Weight> {
  return { bytes: await server.residentBytes(), files: await server.openFiles() };
}

function growthOf(first: Weight, last: Weight): string[] {
  return [
    ...(last.bytes - first.bytes > GROWTH_BYTES_MAX ? ['memory grew'] : []),
    ...(last.files - first.files > OPEN_FILES_GROWTH_MAX ? ['open files grew'] : []),
  ];
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { count: { type: 'string' }, seed: { type: 'string' }, connections: { type: 'string' } },
  });
  const count = Number(values.count ?? 100_000);
  const seed = Number(values.seed ?? Date.now() % 1_000_000_000);
  const connections = Number(values.connections ?? 8);
  process.stdout.write(`${count} messages, seed ${seed}, ${connections} connections\n`);
  await using server = await startServerProcess(['--memory', '--port', '0', '--history-bytes', '1000000']);
  const weights: Weight[] = [];
  const onProgress = async (): Promise<void> => {
    weights.push(await weigh(server));
  };
  const start = performance.now();
  const report = await fuzz({ url: server.url, count, seed, connections, onProgress });
  const tookMs = performance.now() - start;
  const isAlive = server.isRunning();
  const last = isAlive ? await weigh(server) : { bytes: Number.NaN, files: Number.NaN };
  const first = weights[Math.floor(weights.length / 10)] ?? last;
  const findings = [
    ...(isAlive ? [] : ['the server ended']),
    ...report.hung.map((each) => `the connection of seed ${each} was not closed`),
    ...growthOf(first, last),
    ...(server.errors() === '' ? [] : [`the server wrote: ${server.errors().slice(0, 2_000)}`]),
  ];
  const { hung: _, ...figures } = report;
  const megabytes = weights.filter((__, index) => index % 10 === 0).map(({ bytes }) => Math.round(bytes / 1_000_000));
  process.stdout.write(`${JSON.stringify({ ...figures, tookMs, first, last, megabytes, findings }, null, 2)}\n`);
  return findings.length === 0 ? 0 : 1;
}

process.exitCode = await main();
