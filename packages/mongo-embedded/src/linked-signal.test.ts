import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { linkSignals } from './linked-signal.ts';

test('aborts with any of the others, and leaves no listener behind', () => {
  const [first, second] = [new AbortController(), new AbortController()];
  {
    using linked = linkSignals([first.signal, second.signal]);
    expect(linked.signal.aborted).toBe(false);
    second.abort();
    expect(linked.signal.aborted).toBe(true);
    expect(first.signal.aborted).toBe(false);
  }
  expect(getEventListeners(first.signal, 'abort')).toEqual([]);
  using late = linkSignals([second.signal]);
  expect(late.signal.aborted).toBe(true);
});
