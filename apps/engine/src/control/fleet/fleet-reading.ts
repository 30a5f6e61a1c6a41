import type { FleetRows } from '@emcachers/db/fleet/fleet-rows';
import type { FleetMeasures } from './fleet-measures.ts';

/** The last successful reading of PostgreSQL and its age. */
export interface Reading {
  readonly rows: FleetRows;
  readonly reachable: boolean;
  /** Milliseconds; 0 for a new reading. */
  readonly readAgeMs: number;
  /** The node that answers the request. */
  readonly nodeId: string;
  readonly measures: FleetMeasures;
}

/** PostgreSQL's current time, extrapolated from the last reading, milliseconds since 1970. */
export function nowOf({
  rows,
  readAgeMs,
}: {
  readonly rows: Pick<FleetRows, 'nowMs'>;
  readonly readAgeMs: number;
}): number {
  return rows.nowMs + readAgeMs;
}
