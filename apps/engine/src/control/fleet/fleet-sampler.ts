import type { FleetView } from '@emcachers/core/api-views';
import type { Clock } from '@emcachers/core/clock';
import type { Log } from '@emcachers/core/log';
import type { FleetRows } from '@emcachers/db/fleet/fleet-rows';
import type { Service } from '../../runtime/service.ts';
import { Wakeup } from '../../runtime/wakeup.ts';
import type { Fleet } from './fleet.ts';
import { createFleetMeasures, type FleetMeasures } from './fleet-measures.ts';
import { fleetView } from './fleet-view.ts';
import { createRowsInTime, type RowsOutcome } from './rows-in-time.ts';

/**
 * Takes one view of the fleet per second for the whole process, earlier when woken, and passes it to all listeners: a
 * hundred open tabs cost as much as one. If PostgreSQL is unreachable, the view has the last rows with their age and
 * every verdict is `unknown` (I12). Before the first reading the view is empty. Never rejects.
 */
export interface FleetSamplerDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeId: string;
  /** Reads all rows in one snapshot. Rejects if PostgreSQL is unreachable. */
  readonly readRows: (signal?: AbortSignal) => Promise<FleetRows>;
}

export interface FleetSampler extends Fleet, Service {
  /** Rates and standstills from all samples so far. */
  readonly measures: FleetMeasures;
  /** Something may have changed: take a view as soon as the minimum gap allows instead of at the next tick. */
  wake(): void;
}

const intervalMs = 1_000;
/** Minimum gap between the end of one reading and the start of the next, milliseconds. */
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
  extents: new Map(),
  activeJobs: 0,
  jobsRevision: '',
};

export function createFleetSampler(dependencies: FleetSamplerDependencies): FleetSampler {
  return new PolledFleetSampler(dependencies);
}

class PolledFleetSampler implements FleetSampler {
  readonly name = 'fleet-sampler';
  readonly #dependencies: FleetSamplerDependencies;
  readonly #readInTime: () => Promise<RowsOutcome>;
  readonly #wakeup: Wakeup;
  readonly measures = createFleetMeasures();
  readonly #listeners = new Set<(fleet: FleetView) => void>();
  /** The view of the newest reading, made once somebody asks for it: one of many entities costs more than its reading. */
  #newest: (() => FleetView) | null = null;
  #underWay: Promise<() => FleetView> | null = null;
  #queued: Promise<() => FleetView> | null = null;
  #wasReachable = true;

  constructor(dependencies: FleetSamplerDependencies) {
    this.#dependencies = dependencies;
    this.#readInTime = createRowsInTime(dependencies);
    this.#wakeup = new Wakeup(dependencies.clock);
  }

  wake(): void {
    this.#wakeup.wake();
  }

  latest(): FleetView | null {
    return this.#newest?.() ?? null;
  }

  subscribe(listener: (fleet: FleetView) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  listenerCount(): number {
    return this.#listeners.size;
  }

  /**
   * A reading in progress may have started before the caller's last change, so the caller gets the next one. Waiting
   * callers share it.
   */
  async read(): Promise<FleetView> {
    const view = await this.#sample();
    return view();
  }

  #sample(): Promise<() => FleetView> {
    if (this.#underWay === null) return this.#begin();
    this.#queued ??= this.#underWay.then(() => {
      this.#queued = null;
      return this.#underWay ?? this.#begin();
    });
    return this.#queued;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#dependencies;
    while (!signal.aborted) {
      await this.#sample();
      // The wakeup keeps a hint that arrives during the reading or this pause; the wait below then returns at once.
      await clock.sleep(intervalMsMin, signal);
      await this.#wakeup.wait(intervalMs - intervalMsMin, signal);
    }
  }

  #begin(): Promise<() => FleetView> {
    this.#underWay = this.#take().finally(() => {
      this.#underWay = null;
    });
    return this.#underWay;
  }

  async #take(): Promise<() => FleetView> {
    const { clock, nodeId } = this.#dependencies;
    const outcome = await this.#readInTime();
    const { newest } = outcome;
    const reachable = outcome.kind === 'read';
    if (reachable) this.measures.observe(outcome.newest.rows, clock.monotonicMs());
    else this.#warnOnce(outcome.error);
    this.#wasReachable = reachable;
    const rows = newest?.rows ?? { ...noRows, nowMs: clock.nowMs() };
    const readAgeMs = reachable || newest === null ? 0 : clock.monotonicMs() - newest.begunAtMs;
    const view = onceMade(() => fleetView({ rows, reachable, readAgeMs, nodeId, measures: this.measures }));
    this.#newest = view;
    for (const listener of this.#listeners) listener(view());
    return view;
  }

  /** Logs once per outage, not once per second. */
  #warnOnce(error: unknown): void {
    if (this.#wasReachable)
      this.#dependencies.log.warn(
        { err: error },
        'PostgreSQL is unreachable; the fleet view shows the last reading and its age.',
      );
  }
}

function onceMade(make: () => FleetView): () => FleetView {
  let made: FleetView | null = null;
  return () => {
    made ??= make();
    return made;
  };
}
