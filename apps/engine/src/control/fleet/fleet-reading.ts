import type { FleetRows } from '@emcachers/db/fleet/fleet-rows';
import type { FleetMeasures } from './fleet-measures.ts';

/** One reading of PostgreSQL, and how old it is when PostgreSQL can no longer be read. */
export interface Reading {
  readonly rows: FleetRows;
  readonly reachable: boolean;
  /** 0 when read just now. */
  readonly readAgeMs: number;
  /** The node that answers. */
  readonly nodeId: string;
  readonly measures: FleetMeasures;
}

/** PostgreSQL's clock now, as far as it is known. */
export function nowOf({ rows, readAgeMs }: Reading): number {
  return rows.nowMs + readAgeMs;
}
