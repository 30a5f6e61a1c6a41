import type { Clock } from '@emcachers/core/clock';
import type { FleetRows } from '@emcachers/db/fleet/fleet-rows';
import { unlessLate } from '../../runtime/abort.ts';

export type RowsOutcome = { readonly rows: FleetRows } | { readonly error: unknown };

export interface RowsInTimeDependencies {
  readonly clock: Clock;
  readonly readRows: () => Promise<FleetRows>;
}

/** A server that has not answered after this time counts as unreachable, milliseconds. */
const readingMsMax = 3_000;

const silent: RowsOutcome = { error: new Error('PostgreSQL did not answer in time.') };

/**
 * Reads the rows and stops waiting after 3 s. Only one reading runs at a time: while one hangs, later calls wait for
 * it, so a hanging server does not exhaust the connection pool. Never rejects.
 */
export function createRowsInTime({ clock, readRows }: RowsInTimeDependencies): () => Promise<RowsOutcome> {
  let reading: Promise<RowsOutcome> | null = null;
  const begin = async (): Promise<RowsOutcome> => {
    try {
      return { rows: await readRows() };
    } catch (error) {
      return { error };
    }
  };
  return async () => {
    reading ??= begin().finally(() => {
      reading = null;
    });
    return (await unlessLate(reading, { clock, delayMsMax: readingMsMax })) ?? silent;
  };
}
