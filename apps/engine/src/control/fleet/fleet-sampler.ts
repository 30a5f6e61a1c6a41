import type { FleetView } from '@emcachers/core/api-views';
import type { Clock } from '@emcachers/core/clock';
import type { Log } from '@emcachers/core/log';
import type { FleetRows } from '@emcachers/db/fleet/fleet-rows';
import { unlessLate } from '../../runtime/abort.ts';
import type { Service } from '../../runtime/service.ts';
import { Wakeup } from '../../runtime/wakeup.ts';
import type { AgedFleetView, Fleet } from './fleet.ts';
import { fleetIntervalMsDefault } from './fleet-interval.ts';
import { type FleetJudgement, judge } from './fleet-judgement.ts';
import { createFleetMeasures, type FleetMeasures } from './fleet-measures.ts';
import type { Reading } from './fleet-reading.ts';
import { fleetView } from './fleet-view.ts';
import { createOutageRecord } from './outage-record.ts';
import { createRowsInTime, type RowsInTime, type RowsReading } from './rows-in-time.ts';

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
  /** Time from one reading to the next without a wake-up, milliseconds. */
  readonly intervalMs?: number;
}

export interface FleetSampler extends Fleet, Service {
  /** Rates and standstills from all samples so far. */
  readonly measures: FleetMeasures;
  /** What is wrong by the newest reading; null before the first. */
  judgement(): FleetJudgement | null;
  /** Something may have changed: take a view as soon as the minimum gap allows instead of at the next tick. */
  wake(): void;
}

/** Minimum gap between the end of one reading and the start of the next, milliseconds. */
const intervalMsMin = 200;
/** How long a caller waits for PostgreSQL, milliseconds: while it answered last, and after it did not. */
const patienceMs = { reachable: 1_000, unreachable: 200 } as const;

const noRows: FleetRows = {
  nowMs: 0,
  streams: [],
  entities: [],
  caches: [],
  nodes: [],
  extents: new Map(),
  activeJobs: 0,
  jobsRevision: '',
  incidents: { open: 0, unacknowledged: 0, revision: '' },
};

export function createFleetSampler(dependencies: FleetSamplerDependencies): FleetSampler {
  return new PolledFleetSampler(dependencies);
}

class PolledFleetSampler implements FleetSampler {
  readonly name = 'fleet-sampler';
  readonly #dependencies: FleetSamplerDependencies;
  readonly #rows: RowsInTime;
  readonly #wakeup: Wakeup;
  readonly measures = createFleetMeasures();
  readonly #listeners = new Set<(fleet: FleetView) => void>();
  /** The view of the newest reading, made once somebody asks for it: one of many entities costs more than its reading. */
  #newest: (() => FleetView) | null = null;
  #underWay: Promise<() => FleetView> | null = null;
  #queued: Promise<() => FleetView> | null = null;
  #wasReachable = true;
  readonly #outages = createOutageRecord();

  constructor(dependencies: FleetSamplerDependencies) {
    this.#dependencies = dependencies;
    this.#rows = createRowsInTime(dependencies);
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
    const { clock } = this.#dependencies;
    const view = await unlessLate(this.#sample(), { clock, delayMsMax: this.patienceMs() });
    return view?.() ?? this.#viewOf(this.#rows.newest(), false);
  }

  glance(): AgedFleetView | null {
    const newest = this.#rows.newest();
    if (newest === null) return null;
    const ageMs = this.#dependencies.clock.monotonicMs() - newest.begunAtMs;
    return { view: this.#viewOf(newest, this.#wasReachable), ageMs };
  }

  judgement(): FleetJudgement | null {
    const newest = this.#rows.newest();
    return newest === null ? null : judge(this.#readingOf(newest, this.#wasReachable), this.#outages.last());
  }

  patienceMs(): number {
    return this.#wasReachable ? patienceMs.reachable : patienceMs.unreachable;
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
    const { clock, intervalMs = fleetIntervalMsDefault } = this.#dependencies;
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
    const begunAtMs = this.#dependencies.clock.monotonicMs();
    const outcome = await this.#rows.read();
    const nowMs = this.#dependencies.clock.monotonicMs();
    const reachable = outcome.kind === 'read';
    if (reachable) {
      this.measures.observe(outcome.newest.rows, nowMs);
      this.#outages.succeeded(outcome.newest.begunAtMs);
    } else {
      this.#warnOnce(outcome.error);
      this.#outages.failed(begunAtMs, nowMs);
    }
    this.#wasReachable = reachable;
    const view = onceMade(() => this.#viewOf(outcome.newest, reachable));
    this.#newest = view;
    for (const listener of this.#listeners) listener(view());
    return view;
  }

  #viewOf(reading: RowsReading | null, reachable: boolean): FleetView {
    return fleetView(this.#readingOf(reading, reachable));
  }

  #readingOf(reading: RowsReading | null, reachable: boolean): Reading {
    const { clock, nodeId } = this.#dependencies;
    const rows = reading?.rows ?? { ...noRows, nowMs: clock.nowMs() };
    const readAgeMs = reading === null ? 0 : clock.monotonicMs() - reading.begunAtMs;
    return { rows, reachable, readAgeMs, nodeId, measures: this.measures };
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
