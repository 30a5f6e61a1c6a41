import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { killRounds } from './kill/kill-rounds.ts';
import { SeededRandom } from './seeded-random.ts';

const ROUNDS = 4;

test('a server killed while it writes keeps what it acknowledged, and its stream has no gap', async () => {
  const path = await mkdtemp(join(tmpdir(), 'mongo-embedded-kill-'));
  const seed = Date.now() % 1_000_000_000;
  try {
    const report = await killRounds({ rounds: ROUNDS, path, random: new SeededRandom(seed) });
    expect(report.findings, `seed ${seed}`).toEqual([]);
    expect(report.acknowledged, `seed ${seed}`).toBeGreaterThan(ROUNDS);
  } finally {
    await rm(path, { recursive: true, force: true });
  }
}, 120_000);
