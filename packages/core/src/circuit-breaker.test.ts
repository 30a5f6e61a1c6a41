import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type BreakerInput,
  type BreakerState,
  breakerDefaults,
  breakerWaitMs,
  closedBreaker,
  stepBreaker,
} from './circuit-breaker.ts';

function afterFailures(count: number, nowMs: number): BreakerState {
  let state = closedBreaker;
  for (let index = 0; index < count; index += 1) state = stepBreaker(state, { kind: 'failed', nowMs }).state;
  return state;
}

test('four failures leave it closed, the fifth opens it', () => {
  expect(afterFailures(4, 0)).toEqual({ kind: 'closed', failures: 4 });
  expect(afterFailures(5, 0)).toEqual({ kind: 'open', sinceMs: 0 });
});

test('a success resets the failure count', () => {
  const state = stepBreaker(afterFailures(4, 0), { kind: 'succeeded', nowMs: 1 }).state;
  expect(state).toEqual(closedBreaker);
});

test('after 30 s exactly one probe is admitted; its failure reopens for another 30 s, its success closes', () => {
  const open = afterFailures(5, 1_000);
  expect(stepBreaker(open, { kind: 'asked', nowMs: 30_999 }).admitted).toBe(false);
  expect(breakerWaitMs(open, 30_999)).toBe(1);
  const probe = stepBreaker(open, { kind: 'asked', nowMs: 31_000 });
  expect(probe).toEqual({ state: { kind: 'half-open' }, admitted: true });
  expect(stepBreaker(probe.state, { kind: 'asked', nowMs: 31_001 }).admitted).toBe(false);
  expect(stepBreaker(probe.state, { kind: 'failed', nowMs: 32_000 }).state).toEqual({ kind: 'open', sinceMs: 32_000 });
  expect(stepBreaker(probe.state, { kind: 'succeeded', nowMs: 32_000 }).state).toEqual(closedBreaker);
});

test('while open, the result of an earlier call is ignored', () => {
  const open = afterFailures(5, 0);
  expect(stepBreaker(open, { kind: 'succeeded', nowMs: 5 }).state).toBe(open);
  expect(stepBreaker(open, { kind: 'failed', nowMs: 5 }).state).toBe(open);
});

/** For each admitted call: milliseconds since the last opening. */
function pausesBeforeCalls(inputs: readonly { kind: BreakerInput['kind']; afterMs: number }[]): number[] {
  const pauses: number[] = [];
  let state = closedBreaker;
  let nowMs = 0;
  let openedMs = Number.NEGATIVE_INFINITY;
  for (const { kind, afterMs } of inputs) {
    nowMs += afterMs;
    const step = stepBreaker(state, { kind, nowMs });
    if (step.admitted) pauses.push(nowMs - openedMs);
    if (step.state.kind === 'open' && state.kind !== 'open') openedMs = nowMs;
    state = step.state;
  }
  return pauses;
}

test('no call is ever admitted within 30 s of an opening', () => {
  const inputs = fc.array(
    fc.record({
      kind: fc.constantFrom('asked' as const, 'succeeded' as const, 'failed' as const),
      afterMs: fc.integer({ min: 0, max: 20_000 }),
    }),
    { maxLength: 200 },
  );
  fc.assert(
    fc.property(inputs, (sequence) => {
      for (const pauseMs of pausesBeforeCalls(sequence)) expect(pauseMs).toBeGreaterThanOrEqual(breakerDefaults.openMs);
    }),
  );
});
