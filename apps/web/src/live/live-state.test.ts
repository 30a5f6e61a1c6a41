import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isPolling,
  isStreaming,
  type LiveHappening,
  type LiveState,
  liveAtStart,
  nextLiveState,
  pollingAfterFailures,
} from './live-state.ts';

const after = (...happenings: LiveHappening[]): LiveState =>
  happenings.reduce(nextLiveState, nextLiveState(liveAtStart, 'show'));
const happenings: LiveHappening[] = ['data', 'held', 'failed', 'retry', 'pause', 'resume', 'hide', 'show'];

describe('the state of the live connection', () => {
  test('nothing is opened before the tab is known to be visible and not paused', () => {
    expect(isStreaming(liveAtStart)).toBe(false);
    expect(nextLiveState(liveAtStart, 'hide')).toEqual({ kind: 'hidden' });
    expect(nextLiveState(liveAtStart, 'pause')).toEqual({ kind: 'paused' });
    expect(isStreaming(nextLiveState(liveAtStart, 'show'))).toBe(true);
  });

  test('it is live once data has arrived', () => {
    expect(after('data')).toEqual({ kind: 'live', failures: 0 });
  });

  test('failures are retried with increasing delays', () => {
    expect(after('data', 'failed')).toEqual({ kind: 'reconnecting', failures: 1, retryInMs: 500 });
    expect(after('data', 'failed', 'retry', 'failed')).toEqual({ kind: 'reconnecting', failures: 2, retryInMs: 1_000 });
  });

  test('after repeated failures it polls, keeps polling while it tries to stream again, and recovers', () => {
    const tries = Array.from({ length: pollingAfterFailures }, (): LiveHappening[] => ['failed', 'retry']).flat();
    const retrying = after(...tries);
    expect(retrying).toEqual({ kind: 'connecting', failures: pollingAfterFailures });
    expect(isPolling(retrying)).toBe(true);
    expect(nextLiveState(retrying, 'failed').kind).toBe('polling');
    expect(isPolling(nextLiveState(retrying, 'data'))).toBe(false);
    expect(after(...tries, 'data', 'held')).toEqual({ kind: 'live', failures: 0 });
  });

  test('a stream that fails after each first message is also retried with increasing delays', () => {
    const breaking = Array.from({ length: pollingAfterFailures }, (): LiveHappening[] => ['retry', 'data', 'failed']);
    expect(after(...breaking.flat()).kind).toBe('polling');
    expect(after('data', 'failed', 'retry', 'data', 'held', 'failed')).toMatchObject({ failures: 1, retryInMs: 500 });
  });

  test('only resuming ends a pause', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...happenings.filter((happening) => happening !== 'resume'))), (later) => {
        expect(after('data', 'pause', ...later)).toEqual({ kind: 'paused' });
      }),
    );
    expect(after('pause', 'resume')).toEqual({ kind: 'connecting', failures: 0 });
  });

  test('a hidden tab has no connection and opens one when it is shown', () => {
    expect(after('data', 'hide')).toEqual({ kind: 'hidden' });
    expect(after('data', 'hide', 'failed', 'show')).toEqual({ kind: 'connecting', failures: 0 });
  });

  test('it is live only if the last event was data', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...happenings)), (story) => {
        if (after(...story).kind !== 'live') return;
        const decisive = story.filter((happening) => ['data', 'failed', 'pause', 'hide'].includes(happening));
        expect(decisive.at(-1)).toBe('data');
      }),
    );
  });
});
