import type { Clock } from '@emcachers/core/clock';
import type { FleetRows } from '@emcachers/db/fleet/fleet-rows';
import { unlessLate } from '../../runtime/abort.ts';

/** One snapshot. Its age counts from `begunAtMs` (monotonic), because it may miss whatever happened after that. */
export interface RowsReading {
  readonly rows: FleetRows;
  readonly begunAtMs: number;
}

export type RowsOutcome =
  /** `newest` began after the call. */
  | { readonly kind: 'read'; readonly newest: RowsReading }
  /** `newest` is the last reading that succeeded; null if none has. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly newest: RowsReading | null };

export interface RowsInTimeDependencies {
  readonly clock: Clock;
  readonly readRows: () => Promise<FleetRows>;
}

export interface RowsInTime {
  read(): Promise<RowsOutcome>;
  /** The last reading that succeeded, also if nobody waited for it any more; null if none has. */
  newest(): RowsReading | null;
}

/** A server that has not answered after this time counts as unreachable, milliseconds. */
const readingMsMax = 3_000;

/**
 * Reads the rows and stops waiting after 3 s. Only one reading runs at a time, so a hanging server does not exhaust the
 * connection pool: a call first waits for the reading that hangs, then begins its own. Never rejects.
 */
export function createRowsInTime({ clock, readRows }: RowsInTimeDependencies): RowsInTime {
  let newest: RowsReading | null = null;
  let underWay: Promise<RowsOutcome> | null = null;
  const read = async (): Promise<RowsOutcome> => {
    const begunAtMs = clock.monotonicMs();
    try {
      newest = { rows: await readRows(), begunAtMs };
      return { kind: 'read', newest };
    } catch (error) {
      return { kind: 'failed', error, newest };
    }
  };
  const begin = (): Promise<RowsOutcome> =>
    read().finally(() => {
      underWay = null;
    });
  const readInTime = async (): Promise<RowsOutcome> => {
    const endMs = clock.monotonicMs() + readingMsMax;
    const inTime = (work: Promise<RowsOutcome>): Promise<RowsOutcome | null> =>
      unlessLate(work, { clock, delayMsMax: endMs - clock.monotonicMs() });
    const late = (): RowsOutcome => ({
      kind: 'failed',
      error: new Error('PostgreSQL did not answer in time.'),
      newest,
    });
    if (underWay !== null && (await inTime(underWay)) === null) return late();
    // Another call may have begun a reading in the meantime; it began after this call.
    underWay ??= begin();
    return (await inTime(underWay)) ?? late();
  };
  return { read: readInTime, newest: () => newest };
}
