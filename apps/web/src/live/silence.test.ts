import { describe, expect, test } from 'vitest';
import { freshMsMax, type Reach, type Silence, silenceOf, silenceWords } from './silence.ts';

const old = freshMsMax + 1;

describe('the reason why a page has no fresh facts', () => {
  test('is none while the facts are at most five seconds old, whatever a probe says', () => {
    for (const reach of [null, 'nowhere', 'engine'] as const)
      expect(silenceOf({ ageMs: 5_000, state: 'reconnecting', reach })).toBeNull();
  });

  test.each<[Reach | null, Silence]>([
    [null, 'unplaced'],
    ['nowhere', 'browser'],
    ['console', 'gateway'],
    ['gateway', 'engine'],
    ['engine', 'stream'],
  ])('is the first part that a probe which got as far as %s did not reach: %s', (reach, silence) => {
    for (const state of ['live', 'connecting', 'reconnecting', 'polling'] as const)
      expect(silenceOf({ ageMs: old, state, reach })).toBe(silence);
  });

  test('is the tab itself while its updates are paused or it is in the background', () => {
    expect(silenceOf({ ageMs: old, state: 'paused', reach: 'nowhere' })).toBe('paused');
    expect(silenceOf({ ageMs: old, state: 'hidden', reach: null })).toBe('background');
  });

  test('has one cause, in one sentence', () => {
    for (const { cause } of Object.values(silenceWords)) expect(cause).toMatch(/^[A-Z][^.]+$/);
  });
});
