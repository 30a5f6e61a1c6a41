import process from 'node:process';
import { onTestFailed } from 'vitest';

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

/** A small generator that a seed replays (mulberry32, public domain by T. Ettinger). */
export function randomFrom(fixedSeed: number): () => number {
  let state = fixedSeed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
