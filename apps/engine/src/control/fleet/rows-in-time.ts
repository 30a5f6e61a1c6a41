import type { Clock } from '@emcachers/core/clock';
import type { FleetRows } from '@emcachers/db/fleet/fleet-rows';
import { unlessLate } from '../../runtime/abort.ts';

export type RowsOutcome = { readonly rows: FleetRows } | { readonly error: unknown };

export interface RowsInTimeDependencies {
  readonly clock: Clock;
  readonly readRows: () => Promise<FleetRows>;
}

/** A server that has not answered by then is shown as one that cannot be reached. */
const readingMsMax = 3_000;

const silent: RowsOutcome = { error: new Error('PostgreSQL did not answer in time.') };

/**
 * Reads the rows and gives up waiting after 3 s. One reading at a time, however long it takes: a call while an earlier
 * reading hangs waits for that one, so that a server that hangs does not use up the connection pool. Never rejects.
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
