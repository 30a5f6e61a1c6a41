import type { FleetView } from '@emcachers/core/api-views';
import type { Clock } from '@emcachers/core/clock';
import type { Log } from '@emcachers/core/log';
import type { FleetRows } from '@emcachers/db/fleet/fleet-rows';
import type { Service } from '../../runtime/service.ts';
import type { Fleet } from './fleet.ts';
import { createFleetMeasures } from './fleet-measures.ts';
import { fleetView } from './fleet-view.ts';

/**
 * Takes the picture once a second for the whole process, sooner when somebody knocks, and hands it to all who listen, so
 * that a hundred open tabs cost what one costs. When PostgreSQL is away the last rows are shown with their age and every
 * verdict becomes `unknown` (I12); before the first reading the picture is empty and says so. It never rejects.
 */
export interface FleetSamplerDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeId: string;
  /** One consistent reading; rejects while PostgreSQL is away. */
  readonly readRows: (signal?: AbortSignal) => Promise<FleetRows>;
}

export interface FleetSampler extends Fleet, Service {
  /** Something has changed: take a picture now instead of at the next tick. */
  knock(): void;
}

const intervalMs = 1_000;
/** However often somebody knocks: pictures are at least this far apart. */
const intervalMsMin = 200;

/** A server that has not answered by then is shown as one that cannot be reached. */
const readingMsMax = 3_000;

type Outcome = { readonly rows: FleetRows } | { readonly error: unknown };
const silent = new Error('PostgreSQL did not answer in time.');

const noRows: FleetRows = {
  nowMs: 0,
  head: 0,
  entities: [],
  caches: [],
  nodes: [],
  leader: { nodeId: null, epoch: 0 },
  position: { savedAtMs: null, sourceTimeMs: null },
  capture: null,
  activeJobs: 0,
};

export function createFleetSampler(dependencies: FleetSamplerDependencies): FleetSampler {
  const { clock, log, nodeId, readRows } = dependencies;
  const measures = createFleetMeasures();
  const listeners = new Set<(fleet: FleetView) => void>();
  let known: { rows: FleetRows; atMs: number } | null = null;
  let newest: FleetView | null = null;
  let underWay: Promise<FleetView> | null = null;
  let queued: Promise<FleetView> | null = null;
  let nap = new AbortController();
  let wasReachable = true;

  /** Settles when PostgreSQL does. One at a time, however long that takes: a server that hangs must not eat the pool. */
  let reading: Promise<Outcome> | null = null;
  const beginReading = (): Promise<Outcome> => {
    const begun = readRows()
      .then(
        (rows): Outcome => ({ rows }),
        (error: unknown): Outcome => ({ error }),
      )
      .finally(() => {
        reading = null;
      });
    return begun;
  };
  const readInTime = async (): Promise<Outcome> => {
    reading ??= beginReading();
    const inTime = new AbortController();
    const late = clock.sleep(readingMsMax, inTime.signal).then((): Outcome => ({ error: silent }));
    const outcome = await Promise.race([reading, late]);
    inTime.abort();
    return outcome;
  };

  const take = async (): Promise<FleetView> => {
    const outcome = await readInTime();
    const reachable = 'rows' in outcome;
    if (reachable) {
      known = { rows: outcome.rows, atMs: clock.monotonicMs() };
      measures.observe(outcome.rows, clock.monotonicMs());
    } else if (wasReachable) {
      log.warn({ err: outcome.error }, 'PostgreSQL could not be read; the last picture is shown with its age.');
    }
    wasReachable = reachable;
    const rows = known?.rows ?? { ...noRows, nowMs: clock.nowMs() };
    const readAgeMs = reachable || known === null ? 0 : clock.monotonicMs() - known.atMs;
    newest = fleetView({ rows, reachable, readAgeMs, nodeId, measures });
    for (const listener of listeners) listener(newest);
    return newest;
  };

  const begin = (): Promise<FleetView> => {
    underWay = take().finally(() => {
      underWay = null;
    });
    return underWay;
  };
  // A reading under way may have begun before what the caller has just changed: it gets the next one, shared by all who wait.
  const read = (): Promise<FleetView> => {
    if (underWay === null) return begin();
    queued ??= underWay.then(() => {
      queued = null;
      return underWay ?? begin();
    });
    return queued;
  };

  return {
    name: 'fleet-sampler',
    read,
    latest: () => newest,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    listenerCount: () => listeners.size,
    knock: () => nap.abort(),
    async run(signal) {
      const wake = (): void => nap.abort();
      signal.addEventListener('abort', wake);
      try {
        while (!signal.aborted) {
          await read();
          await clock.sleep(intervalMsMin, signal);
          nap = new AbortController();
          if (!signal.aborted) await clock.sleep(intervalMs - intervalMsMin, nap.signal);
        }
      } finally {
        signal.removeEventListener('abort', wake);
      }
    },
  };
}
