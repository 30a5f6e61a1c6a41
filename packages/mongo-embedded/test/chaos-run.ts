/**
 * A long run of fail points, transactions, streams and kills by command:
 *
 *   node packages/mongo-embedded/test/chaos-run.ts --seconds 600 [--seed 1] [--disk]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chaos } from './chaos/chaos.ts';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { seconds: { type: 'string' }, seed: { type: 'string' }, disk: { type: 'boolean' } },
  });
  const seconds = Number(values.seconds ?? 600);
  const seed = Number(values.seed ?? Date.now() % 1_000_000_000);
  const path = await mkdtemp(join(tmpdir(), 'mongo-embedded-chaos-'));
  process.stdout.write(`${seconds} s, seed ${seed}\n`);
  try {
    const report = await chaos({
      seconds,
      seed,
      ...(values.disk === true ? { path } : {}),
      onProgress: ({ operations, pingMsMax, residentBytesMax }) =>
        process.stdout.write(`${operations} operations, longest ping ${pingMsMax} ms, ${residentBytesMax} bytes\n`),
    });
    process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
    return report.findings.length === 0 ? 0 : 1;
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

process.exitCode = await main();
