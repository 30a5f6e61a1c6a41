import { describe, expect, test } from 'vitest';
import { FairTurns, type TurnShare } from './fair-turns.ts';

const never = new AbortController().signal;

/** Takes turns until it has had `count`, and writes its name at each. */
async function work(name: string, share: TurnShare, { count, said }: { count: number; said: string[] }): Promise<void> {
  for (let turn = 0; turn < count; turn += 1)
    await share.take(async () => {
      said.push(name);
      await new Promise((resolve) => setImmediate(resolve));
    }, never);
  share[Symbol.dispose]();
}

describe('fair turns', () => {
  test('alternate between those that wait, and a newcomer has its turn next', async () => {
    const turns = new FairTurns(1);
    const said: string[] = [];
    const large = [work('a', turns.join(), { count: 20, said }), work('b', turns.join(), { count: 20, said })];
    while (said.length < 10) await new Promise((resolve) => setImmediate(resolve));
    const before = said.length;
    await work('small', turns.join(), { count: 1, said });
    expect(said.indexOf('small') - before).toBeLessThanOrEqual(2);
    await Promise.all(large);
    const firstTen = said.slice(0, 10);
    expect(firstTen.filter((name) => name === 'a')).toHaveLength(5);
  });

  test('never run more at once than allowed, and are all given back', async () => {
    const turns = new FairTurns(3);
    let running = 0;
    let most = 0;
    const action = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    const shares = Array.from({ length: 10 }, () => turns.join());
    await Promise.all(shares.flatMap((share) => [share.take(action, never), share.take(action, never)]));
    expect(most).toBe(3);
    expect(turns.isContended()).toBe(false);
  });

  test('are passed on by a waiter that is cancelled', async () => {
    const turns = new FairTurns(1);
    const stop = new AbortController();
    const held = Promise.withResolvers<void>();
    const holding = turns.join().take(() => held.promise, never);
    const cancelled = turns.join().take(async () => 'ran', stop.signal);
    const next = turns.join().take(async () => 'ran', never);
    stop.abort();
    held.resolve();
    await holding;
    expect([await cancelled, await next]).toEqual([null, 'ran']);
  });
});
