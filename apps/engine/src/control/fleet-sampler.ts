import type { FleetView } from '@emcachers/core/api-views';
import type { Clock } from '@emcachers/core/clock';
import type { Log } from '@emcachers/core/log';
import type { FleetRows } from '@emcachers/db/fleet/fleet-rows';
import type { Service } from '../runtime/service.ts';
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

  const take = async (): Promise<FleetView> => {
    const reachable = await readRows().then(
      (rows) => {
        known = { rows, atMs: clock.monotonicMs() };
        measures.observe(rows, clock.monotonicMs());
        return true;
      },
      (error: unknown) => {
        if (wasReachable)
          log.warn({ err: error }, 'PostgreSQL could not be read; the last picture is shown with its age.');
        return false;
      },
    );
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
