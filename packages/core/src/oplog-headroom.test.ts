import { expect, test } from 'vitest';
import type { SourceOplogView } from './api-views.ts';
import type { OplogLook } from './capture-report.ts';
import { deriveHeadroom } from './oplog-headroom.ts';

const hourMs = 3_600_000;
const nowMs = 1_800_000_000_000;

interface Case {
  readonly windowHours: number;
  readonly behindHours?: number;
  readonly filled?: number | null;
  readonly lookAgeHours?: number;
}

function headroom({ windowHours, behindHours = 0, filled = 1, lookAgeHours = 0 }: Case): SourceOplogView {
  const look: OplogLook = {
    oplog: { kind: 'known', oldestMs: nowMs - windowHours * hourMs, newestMs: nowMs, filled },
    ageMs: lookAgeHours * hourMs,
    limits: { warningMs: 24 * hourMs, criticalMs: hourMs },
  };
  return deriveHeadroom({ look, placeMs: nowMs - behindHours * hourMs });
}

const table: [string, Case, SourceOplogView['level'], number][] = [
  ['a full oplog of two days, read to its end', { windowHours: 48 }, 'ok', 48],
  [
    'the warning limit counts what is left, not what the oplog spans',
    { windowHours: 48, behindHours: 25 },
    'warning',
    23,
  ],
  ['the last quarter warns, however long it is', { windowHours: 200, behindHours: 160 }, 'warning', 40],
  ['an oplog that spans less than the limit warns at its end too', { windowHours: 6 }, 'warning', 6],
  ['less than the critical limit is left', { windowHours: 48, behindHours: 47.5 }, 'critical', 0.5],
  ['nothing is left', { windowHours: 48, behindHours: 50 }, 'critical', 0],
  ['time that passed since the look counts', { windowHours: 48, lookAgeHours: 47.5 }, 'critical', 0.5],
  ['a position saved after the look is not behind', { windowHours: 48, behindHours: -1 }, 'ok', 48],
  ['three quarters full: the rest fills at the same rate', { windowHours: 30, filled: 0.75 }, 'ok', 40],
  ['a new server that has removed nothing yet', { windowHours: 0.1, filled: 0.01 }, 'ok', 10],
  ['an oplog without an entry spans a year at most', { windowHours: 0.1, filled: 0 }, 'ok', 365 * 24],
  ['a short oplog of unknown size may be new', { windowHours: 0.1, filled: null }, 'warning', 0.1],
];

test.each(table)('%s', (...[, given, level, leftHours]) => {
  const view = headroom(given);
  expect(view.level).toBe(level);
  expect((view.headroomMs ?? Number.NaN) / hourMs).toBeCloseTo(leftHours);
  expect(view.reason === null).toBe(level === 'ok');
});

test('the first minute of a new server gives no figure, and is no shortage', () => {
  const young = headroom({ windowHours: 0.01, filled: 0.01 });
  expect(young).toMatchObject({ level: 'ok', headroomMs: null, reason: expect.stringContaining('removed nothing') });
  expect(headroom({ windowHours: 0.01, filled: 0.5 })).toMatchObject({ level: 'critical', headroomMs: 0.02 * hourMs });
});

test('a shortage names the figures and what follows', () => {
  expect(headroom({ windowHours: 48, behindHours: 47.5 }).reason).toBe(
    'About 30 min of headroom is left: the oplog of MongoDB spans 48 h, and the saved position is 47 h behind. After that every entity is scanned again (EMC-2021).',
  );
  expect(headroom({ windowHours: 48, behindHours: 50 }).reason).toMatch(/^The next changes may be gone already: /);
});

test('what is not known is said with its reason, never as a figure', () => {
  const limits = { warningMs: 1, criticalMs: 1 };
  const refused: OplogLook = { oplog: { kind: 'unknown', reason: 'Grant read on local.' }, ageMs: 0, limits };
  const none = { level: 'unknown', windowMs: null, behindMs: null, headroomMs: null };
  expect(deriveHeadroom({ look: refused, placeMs: nowMs })).toEqual({ ...none, reason: 'Grant read on local.' });
  expect(deriveHeadroom({ look: null, placeMs: nowMs })).toMatchObject(none);
  const known: OplogLook = { ...refused, oplog: { kind: 'known', oldestMs: 0, newestMs: hourMs, filled: 1 } };
  expect(deriveHeadroom({ look: known, placeMs: null })).toMatchObject({ ...none, windowMs: hourMs });
});
