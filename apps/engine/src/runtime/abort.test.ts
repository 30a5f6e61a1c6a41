import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../test/support/manual-clock.ts';
import { linkedAbort, onAbort, unlessAborted, unlessLate, untilAborted } from './abort.ts';

const never = new Promise<never>(() => undefined);

function listenersOf({ signal }: AbortController): number {
  return getEventListeners(signal, 'abort').length;
}

describe('onAbort', () => {
  test('calls back once: at the abort, or immediately if already aborted', () => {
    const stop = new AbortController();
    let count = 0;
    const act = (): void => {
      count += 1;
    };
    onAbort(stop.signal, act);
    expect(count).toBe(0);
    stop.abort();
    expect(count).toBe(1);
    onAbort(stop.signal, act);
    expect(count).toBe(2);
  });

  test('does nothing after dispose, and leaves no listener', () => {
    const stop = new AbortController();
    let acted = false;
    const listening = onAbort(stop.signal, () => {
      acted = true;
    });
    listening[Symbol.dispose]();
    expect(listenersOf(stop)).toBe(0);
    stop.abort();
    expect(acted).toBe(false);
  });
});

describe('waiting', () => {
  test('until an abort ends at the abort, or immediately if already aborted', async () => {
    const stop = new AbortController();
    let ended = false;
    const waiting = untilAborted(stop.signal).then(() => {
      ended = true;
    });
    await setImmediate();
    expect(ended).toBe(false);
    stop.abort();
    await waiting;
    await untilAborted(stop.signal);
  });

  test('for work unless aborted gives its value or error, and null after the abort', async () => {
    const stop = new AbortController();
    expect(await unlessAborted(Promise.resolve(7), stop.signal)).toBe(7);
    await expect(unlessAborted(Promise.reject(new Error('its own')), stop.signal)).rejects.toThrow('its own');
    const waiting = unlessAborted(never, stop.signal);
    expect(listenersOf(stop)).toBe(1);
    stop.abort();
    expect(await waiting).toBeNull();
    expect(await unlessAborted(Promise.resolve(7), stop.signal)).toBeNull();
    expect(listenersOf(stop)).toBe(0);
  });

  test('for work unless late gives its value, or null after the timeout, and leaves no timer', async () => {
    const clock = createManualClock();
    expect(await unlessLate(Promise.resolve(7), { clock, delayMsMax: 100 })).toBe(7);
    expect(clock.sleeping()).toBe(0);
    const waiting = unlessLate(never, { clock, delayMsMax: 100 });
    await clock.advance(100);
    expect(await waiting).toBeNull();
  });
});

describe('a linked abort', () => {
  test('aborts with the first of its parents, with the same reason', () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const linked = linkedAbort(first.signal, second.signal);
    second.abort('over');
    expect(linked.signal.reason).toBe('over');
    expect(linkedAbort(second.signal).signal.aborted).toBe(true);
  });

  test('aborts without aborting its parents, and ignores them after dispose', () => {
    const parent = new AbortController();
    const own = linkedAbort(parent.signal);
    own.abort();
    expect([own.signal.aborted, parent.signal.aborted]).toEqual([true, false]);
    own[Symbol.dispose]();
    const disposed = linkedAbort(parent.signal);
    disposed[Symbol.dispose]();
    expect(listenersOf(parent)).toBe(0);
    parent.abort();
    expect(disposed.signal.aborted).toBe(false);
  });
});
