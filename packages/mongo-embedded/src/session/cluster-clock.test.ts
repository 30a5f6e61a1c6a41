import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSystemClock } from '../clock.ts';
import { ClusterClock, compareClusterTime, idleSeconds } from './cluster-clock.ts';

test('only moves forward, whatever the machine does to its clock', () => {
  const steps = fc.array(fc.tuple(fc.integer({ min: -5000, max: 5000 }), fc.constantFrom('tick', 'idle', 'observe')));
  fc.assert(
    fc.property(steps, (all) => {
      let nowMs = 1_700_000_000_000;
      const clock = new ClusterClock(
        { ...createSystemClock(), nowMs: () => nowMs },
        { seconds: 1_700_000_000, increment: 1 },
      );
      for (const [advanceMs, action] of all) {
        const before = clock.current;
        nowMs += advanceMs;
        const moves: Record<typeof action, () => void> = {
          tick: () => expect(compareClusterTime(clock.tick(), before)).toBeGreaterThan(0),
          idle: () => expect(clock.idle()).toBe(compareClusterTime(clock.current, before) > 0),
          observe: () => clock.observe({ seconds: Math.floor(nowMs / 1000) + advanceMs, increment: 9 }),
        };
        moves[action]();
        expect(compareClusterTime(clock.current, before)).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});

test('moves by itself only after ten seconds without a write, as mongod does', () => {
  let nowMs = 1_700_000_000_000;
  const system = createSystemClock();
  const clock = new ClusterClock({ ...system, nowMs: () => nowMs }, { seconds: 1_700_000_000, increment: 1 });
  const idleAfter = (seconds: number): boolean => {
    nowMs += seconds * 1000;
    return clock.idle();
  };
  expect(idleSeconds).toBe(10);
  expect(idleAfter(9)).toBe(false);
  expect(clock.tick()).toEqual({ seconds: 1_700_000_009, increment: 1 });
  expect(idleAfter(9)).toBe(false);
  expect(clock.current).toEqual({ seconds: 1_700_000_009, increment: 1 });
  expect(idleAfter(1)).toBe(true);
  expect(clock.current).toEqual({ seconds: 1_700_000_019, increment: 1 });
  expect(clock.idle()).toBe(false);
});

test('refuses a time of a client that is more than a year ahead', () => {
  const clock = new ClusterClock(createSystemClock(), { seconds: 5, increment: 1 });
  const tooFar = Math.floor(Date.now() / 1000) + 31_536_100;
  expect(() => clock.observe({ seconds: tooFar, increment: 0 })).toThrow(/too far/);
  expect(clock.current).toEqual({ seconds: 5, increment: 1 });
});
