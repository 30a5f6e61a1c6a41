import { describe, expect, test } from 'vitest';
import { type CacheInput, type CachePhase, nextPhase } from './cache-phase.ts';

const phases: Readonly<Record<CachePhase['kind'], CachePhase>> = {
  opening: { kind: 'opening' },
  creating: { kind: 'creating' },
  'catching-up': { kind: 'catching-up' },
  level: { kind: 'level' },
  paused: { kind: 'paused' },
  failed: { kind: 'failed', next: 'creating' },
  removed: { kind: 'removed' },
};

const opening = { kind: 'opening' };
const creating = { kind: 'creating' };
const retryOpening = { kind: 'failed', next: 'opening' };
const retryCreating = { kind: 'failed', next: 'creating' };
const removed = { kind: 'removed' };
const paused = { kind: 'paused' };
const same = null;

/** Total: what each input makes of each phase; `same` leaves it as it is. */
const table: Readonly<Record<CacheInput['kind'], Readonly<Record<CachePhase['kind'], object | null>>>> = {
  ready: row({ opening: { kind: 'catching-up' }, creating: { kind: 'catching-up' } }),
  unfit: row({ opening: { kind: 'creating' } }),
  'caught-up': row({ 'catching-up': { kind: 'level' } }),
  faulted: row({
    opening: retryOpening,
    creating: retryCreating,
    'catching-up': retryOpening,
    level: { kind: 'failed', next: 'opening' },
  }),
  damaged: row({
    opening: retryCreating,
    creating: retryCreating,
    'catching-up': retryCreating,
    level: { kind: 'failed', next: 'creating' },
  }),
  outdated: row({ opening: creating, creating, 'catching-up': creating, level: creating, failed: creating }),
  reread: row({ level: { kind: 'catching-up' } }),
  retry: row({ failed: { kind: 'creating' } }),
  pause: row({ opening: paused, creating: paused, 'catching-up': paused, level: paused, failed: paused }),
  resume: row({ paused: opening }),
  remove: row({
    opening: removed,
    creating: removed,
    'catching-up': removed,
    level: removed,
    paused: removed,
    failed: removed,
  }),
};

function row(changes: Partial<Record<CachePhase['kind'], object>>): Record<CachePhase['kind'], object | null> {
  const unchanged = {
    opening: same,
    creating: same,
    'catching-up': same,
    level: same,
    paused: same,
    failed: same,
    removed: same,
  };
  return { ...unchanged, ...changes };
}

describe('the phases of a cache', () => {
  const cases = Object.entries(table).flatMap(([input, results]) =>
    Object.entries(results).map(([phase, result]) => [input, phase, result] as const),
  );

  test.each(cases)('%s in the phase %s gives the phase in the table', (input, phase, result) => {
    const before = phases[phase as CachePhase['kind']];
    const after = nextPhase(before, { kind: input as CacheInput['kind'] });
    if (result === same) expect(after).toBe(before);
    else expect(after).toEqual(result);
  });
});
