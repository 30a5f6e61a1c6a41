import process from 'node:process';
import { onTestFailed } from 'vitest';
import { randomFrom } from './seeded-random.ts';

/** One seed for all the randomness of a test file, so that one number replays whatever failed in it. */
const given = Number(process.env['EMCACHERS_TEST_SEED']);
const seed = Number.isInteger(given) && given > 0 ? given : Math.floor(Math.random() * 2 ** 31) + 1;

/** A generator for the running test, uniform in [0, 1). When the test fails the seed is printed; EMCACHERS_TEST_SEED sets it. */
export function testRandom(): () => number {
  onTestFailed(() => {
    process.stderr.write(`Set EMCACHERS_TEST_SEED=${seed} to replay the random choices of this test.\n`);
  });
  return randomFrom(seed);
}
