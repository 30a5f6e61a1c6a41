import type { HeadroomFacts } from '@emcachers/core/oplog-headroom';
import { captureOf } from './capture-lag.ts';
import { nowOf, type Reading } from './fleet-reading.ts';

/** What the leader reported of MongoDB's oplog, and the place of the saved position in it. */
export function headroomFacts(reading: Reading): HeadroomFacts {
  const { rows } = reading;
  const capture = captureOf(rows);
  const look = capture?.sourceOplog ?? null;
  const reportAgeMs = capture === null ? 0 : Math.max(0, nowOf(reading) - capture.reportedAtMs);
  return {
    look: look === null ? null : { ...look, ageMs: look.ageMs + reportAgeMs },
    placeMs: rows.position.sourceTimeMs,
  };
}
