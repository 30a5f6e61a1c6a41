import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Turns } from './turns.ts';

const never = new AbortController().signal;

describe('Turns', () => {
  test('allows at most the configured number at once, in the order of the calls', async () => {
    const turns = new Turns(2);
    const seen: number[] = [];
    let present = 0;
    let presentMax = 0;
    const take = (index: number): Promise<void> =>
      turns.take(async () => {
        present += 1;
        presentMax = Math.max(presentMax, present);
        await setImmediate();
        seen.push(index);
        present -= 1;
      }, never);
    await Promise.all([0, 1, 2, 3, 4, 5].map(take));
    expect(presentMax).toBe(2);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('gives the turn to the next caller if one is cancelled or fails', async () => {
    const turns = new Turns(1);
    const leaving = new AbortController();
    let release = (): void => undefined;
    const first = turns.take(() => new Promise((resolve) => (release = () => resolve())), never);
    let hasRun = false;
    const left = turns.take(async () => {
      hasRun = true;
    }, leaving.signal);
    const failing = expect(turns.take(() => Promise.reject(new Error('its own')), never)).rejects.toThrow('its own');
    leaving.abort();
    await left;
    expect(hasRun).toBe(false);
    release();
    await Promise.all([first, failing]);
    await turns.take(async () => {
      hasRun = true;
    }, never);
    expect(hasRun).toBe(true);
  });

  test('gives the turn to the next caller if one is cancelled at the moment it gets its turn', async () => {
    const turns = new Turns(1);
    const leaving = new AbortController();
    const held = Promise.withResolvers<void>();
    const first = turns.take(() => held.promise, never);
    const left = turns.take(async () => undefined, leaving.signal);
    let hasRun = false;
    const last = turns.take(async () => {
      hasRun = true;
    }, never);
    held.resolve();
    await first;
    leaving.abort();
    await Promise.all([left, last]);
    expect(hasRun).toBe(true);
  });
});
