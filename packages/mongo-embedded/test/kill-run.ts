/**
 * Many rounds of SIGKILL by command:
 *
 *   node packages/mongo-embedded/test/kill-run.ts --rounds 200 [--seed 1]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killRounds } from './kill/kill-rounds.ts';
import { SeededRandom } from './seeded-random.ts';

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { rounds: { type: 'string' }, seed: { type: 'string' } } });
  const rounds = Number(values.rounds ?? 200);
  const seed = Number(values.seed ?? Date.now() % 1_000_000_000);
  const path = await mkdtemp(join(tmpdir(), 'mongo-embedded-kill-'));
  process.stdout.write(`${rounds} rounds, seed ${seed}\n`);
  try {
    const onRound = (round: number): void => {
      if (round % 20 === 0) process.stdout.write(`${round} `);
    };
    const report = await killRounds({ rounds, path, random: new SeededRandom(seed), onRound });
    process.stdout.write(`\n${JSON.stringify(report, null, 2)}\n`);
    return report.findings.length === 0 ? 0 : 1;
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}

process.exitCode = await main();
