import type { Cause } from '@emcachers/core/fleet-cause';
import type { IncidentStep, KnownIncident, KnownIncidents } from '@emcachers/db/control/incident-keeping';
import { describe, expect, test } from 'vitest';
import { planIncidents } from './incident-plan.ts';
import { type IncidentState, nextStep, type Sighting, type StateStep } from './incident-state.ts';

const nowMs = 1_000_000;
const holds = { openMs: 10_000, closeMs: 30_000 };
const seenAgo = (ageMs: number) => ({ lastSeenAtMs: nowMs - ageMs });
const watchedFor = (ageMs: number, unseenMs = 0) => ({ firstSeenAtMs: nowMs - ageMs, ...seenAgo(unseenMs) });

const table: [string, Partial<IncidentState>, Record<Sighting, StateStep>][] = [
  ['nothing is stored', {}, { seen: 'watch', gone: 'none', undecided: 'none' }],
  ['it is momentous', { isMomentous: true }, { seen: 'open', gone: 'none', undecided: 'none' }],
  ['it is watched', { candidate: watchedFor(9_999) }, { seen: 'watch', gone: 'none', undecided: 'none' }],
  ['it has lasted', { candidate: watchedFor(10_000) }, { seen: 'open', gone: 'none', undecided: 'none' }],
  ['it was gone briefly', { candidate: watchedFor(40_000, 29_999) }, { seen: 'open', gone: 'none', undecided: 'none' }],
  ['it was gone long', { candidate: watchedFor(40_000, 30_000) }, { seen: 'open', gone: 'unwatch', undecided: 'none' }],
  ['it is open', { open: seenAgo(29_999) }, { seen: 'see', gone: 'none', undecided: 'none' }],
  ['it is open and was not seen', { open: seenAgo(30_000) }, { seen: 'see', gone: 'close', undecided: 'none' }],
];

test.each(table)('the next step of an incident when %s', (...[, state, expected]) => {
  const whole = { isMomentous: false, open: null, candidate: null, nowMs, holds, ...state };
  for (const sighting of ['seen', 'gone', 'undecided'] as const)
    expect(nextStep({ ...whole, sighting }), sighting).toBe(expected[sighting]);
});

const away: Cause = {
  ...{ subject: 'mongodb', errorCode: 'EMC-2001', detail: 'MongoDB is silent.', ageMs: 45_000 },
  ...{ isMomentous: false, entities: ['orders'], nodes: ['n1'] },
};
const awayKey = { subject: 'mongodb', errorCode: 'EMC-2001' };
const stored: KnownIncident = {
  ...{ id: 7, ...awayKey, detail: 'MongoDB is silent.', entities: ['orders'], entityCount: 1, nodes: ['n1'] },
  ...{ lastSeenAtMs: nowMs - 1_000, closedAtMs: null },
};
const plan = (known: Partial<KnownIncidents>, causes: readonly Cause[], undecided: readonly string[] = []) =>
  planIncidents(
    { nowMs, incidents: [], candidates: [], ...known },
    { causes, undecided: new Set(undecided), outage: null },
    holds,
  );

describe('the plan', () => {
  test('opens an incident with the time at which its cause began', () => {
    const candidates = [{ ...awayKey, ...watchedFor(10_000) }];
    expect(plan({ candidates }, [away])).toEqual<IncidentStep[]>([
      { kind: 'unwatch', ...awayKey },
      {
        ...{ kind: 'open', ...awayKey, detail: away.detail, entities: ['orders'], entityCount: 1, nodes: ['n1'] },
        ...{ openedAtMs: nowMs - 45_000, lastSeenAtMs: nowMs },
      },
    ]);
  });

  test('opens the same incident again if its cause comes back', () => {
    const incidents = [{ ...stored, closedAtMs: nowMs - 5_000 }];
    const candidates = [{ ...awayKey, ...watchedFor(10_000) }];
    expect(plan({ incidents, candidates }, [away])).toMatchObject([{ kind: 'unwatch' }, { kind: 'reopen', id: 7 }]);
  });

  test('writes nothing of a cause that goes on, unless more suffer from it or it was last written a while ago', () => {
    expect(plan({ incidents: [stored] }, [away])).toEqual([]);
    expect(plan({ incidents: [{ ...stored, lastSeenAtMs: nowMs - 10_000 }] }, [away])).toMatchObject([{ kind: 'see' }]);
    const more = { ...away, entities: ['users'] };
    expect(plan({ incidents: [stored] }, [more])).toMatchObject([
      { kind: 'see', id: 7, entities: ['orders', 'users'], entityCount: 2 },
    ]);
  });

  test('counts all entities and keeps 100 names', () => {
    const entities = Array.from({ length: 150 }, (_, index) => `e${index}`);
    const [step] = plan({}, [{ ...away, isMomentous: true, entities }]);
    expect(step).toMatchObject({ kind: 'open', entityCount: 150, entities: entities.slice(0, 100) });
  });

  test('does not close what too little is known of', () => {
    const incidents = [{ ...stored, lastSeenAtMs: nowMs - 60_000 }];
    expect(plan({ incidents }, [], ['mongodb'])).toEqual([]);
    expect(plan({ incidents }, [])).toEqual([{ kind: 'close', id: 7, ...awayKey }]);
  });

  test('opens 500 incidents at most', () => {
    const causes = Array.from(
      { length: 600 },
      (_, index): Cause => ({ ...away, subject: `node:${index}`, isMomentous: true }),
    );
    expect(plan({ incidents: [stored] }, causes)).toHaveLength(499);
  });

  test('records an outage of PostgreSQL that is over, once', () => {
    const outage = { beganAgeMs: 20_000, endedAgeMs: 2_000, entities: ['orders'] };
    const recorded = (incidents: readonly KnownIncident[]) =>
      planIncidents({ nowMs, incidents, candidates: [] }, { causes: [], undecided: new Set(), outage }, holds);
    expect(recorded([])).toMatchObject([
      { kind: 'open', subject: 'postgresql', openedAtMs: nowMs - 20_000, lastSeenAtMs: nowMs - 2_000, entityCount: 1 },
    ]);
    const key = { subject: 'postgresql', errorCode: 'EMC-3001' };
    expect(recorded([{ ...stored, ...key, lastSeenAtMs: nowMs - 2_500 }])).toEqual([]);
    const earlier = { ...stored, ...key, lastSeenAtMs: nowMs - 90_000, closedAtMs: nowMs - 60_000 };
    expect(recorded([earlier])).toMatchObject([{ kind: 'reopen', id: 7, lastSeenAtMs: nowMs - 2_000 }]);
  });
});
