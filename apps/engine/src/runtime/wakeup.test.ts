import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { createManualClock } from '../../test/support/manual-clock.ts';
import { Wakeup } from './wakeup.ts';

function waiterOf({ delayMsMax }: { delayMsMax: number | null }) {
  const clock = createManualClock();
  const stop = new AbortController();
  const wakeup = new Wakeup(clock);
  let ended = false;
  const begin = async (): Promise<void> => {
    ended = false;
    await wakeup.wait(delayMsMax, stop.signal);
    ended = true;
  };
  return { clock, stop, wakeup, begin, hasEnded: () => ended };
}

test('a hint ends the current wait', async () => {
  for (const delayMsMax of [100, null]) {
    const { clock, wakeup, begin, hasEnded } = waiterOf({ delayMsMax });
    const waiting = begin();
    await clock.advance(99);
    expect(hasEnded()).toBe(false);
    wakeup.wake();
    await waiting;
    expect(clock.sleeping()).toBe(0);
  }
});

test('a wait without a hint ends at its timeout', async () => {
  const { clock, begin, hasEnded } = waiterOf({ delayMsMax: 100 });
  const waiting = begin();
  await clock.advance(99);
  expect(hasEnded()).toBe(false);
  await clock.advance(1);
  await waiting;
});

test('hints without a waiter end only the next wait, immediately', async () => {
  const { clock, wakeup, begin, hasEnded } = waiterOf({ delayMsMax: 100 });
  wakeup.wake();
  wakeup.wake();
  await begin();
  const second = begin();
  await clock.advance(99);
  expect(hasEnded()).toBe(false);
  await clock.advance(1);
  await second;
});

test('an abort ends the current wait and all later ones, and leaves no listener on the signal', async () => {
  const { stop, wakeup, begin } = waiterOf({ delayMsMax: null });
  for (let round = 0; round < 3; round += 1) {
    const waiting = begin();
    wakeup.wake();
    await waiting;
  }
  expect(getEventListeners(stop.signal, 'abort')).toHaveLength(0);
  const waiting = begin();
  stop.abort();
  await waiting;
  await begin();
});

test('rejects a second waiter, which would take the hint from the first', async () => {
  const { wakeup, begin } = waiterOf({ delayMsMax: null });
  const waiting = begin();
  await expect(wakeup.wait(null)).rejects.toThrow('one waiter');
  wakeup.wake();
  await waiting;
});
