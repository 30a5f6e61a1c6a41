/**
 * The replicator of one node. It starts and stops the loops that make caches follow the oplog: `cache-roster.ts` (which caches
 * exist), `cache-driver.ts` (one cache) and `follower.ts` (all level caches of a stream). Keeps I11 (at most two pages in memory for each reader, each
 * bounded) and I12 (`status` reports what the files contain, also while PostgreSQL is unreachable).
 * Worst case: PostgreSQL is unreachable for long. Caches keep serving their rows, and their lag shows it.
 */
import { backoffDelayMs } from '@emcachers/core/backoff';
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import type { CachedRows } from '@emcachers/core/row-explanation';
import { defaultStreamId } from '@emcachers/db/control/streams';
import { type LinkedAbort, linkedAbort } from '../../runtime/abort.ts';
import { Wakeup } from '../../runtime/wakeup.ts';
import type { OplogReader } from '../oplog/oplog.ts';
import type { SnapshotStore } from '../sqlite-cache/snapshot/snapshot-store.ts';
import type { CacheStore } from '../sqlite-cache/sqlite-cache.ts';
import { isDatabaseFault } from './cache-driver.ts';
import { CacheRoster } from './cache-roster.ts';
import type { ReplicatedEntity } from './entity-cache.ts';
import { Follower } from './follower.ts';
import type { CachesReport, EntityCacheStatus, Replicator } from './replicator.ts';
import { type ReplicatorOptions, replicatorDefaults } from './replicator-options.ts';
import { SourceTimes } from './save-progress.ts';
import { type SnapshotRecords, Snapshotter } from './snapshot/snapshotter.ts';
import { SnapshotStarts } from './snapshot/start-from-snapshot.ts';
import { StoreCare, type StoreCareDependencies } from './store-care.ts';
import { StreamFollowers } from './stream-followers.ts';
import { Turns } from './turns.ts';
import { type Verifications, Verifier } from './verify/verifier.ts';

export interface ReplicatorDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1), for the back-off. */
  readonly random: () => number;
  readonly oplog: OplogReader;
  readonly entities: () => Promise<readonly ReplicatedEntity[]>;
  /** Reports the offsets of this node's caches to PostgreSQL. */
  readonly report: (report: CachesReport) => Promise<void>;
  /** What jobs ask this node to verify. */
  readonly verifications: Verifications;
  /** What jobs ask this node to make snapshots of. */
  readonly snapshotRecords: SnapshotRecords;
  readonly snapshots: SnapshotStore;
  /** Opens the store. `run` calls it once and closes the store when it ends. */
  readonly openStore: () => CacheStore;
}

const databaseBackoff = { delayMsBase: 100, delayMsMax: 2_000 };
/** Caches that change their indexes at once. Each needs a processor and 64 MB. */
const indexesAtOnce = 1;
const databaseAway = 'PostgreSQL is unreachable; the replicator is retrying.';
const filesUnusable = 'The cache files of this node cannot be used; the replicator is retrying.';

interface Running {
  readonly store: CacheStore;
  readonly roster: CacheRoster;
}

export function createReplicator(
  dependencies: ReplicatorDependencies,
  options: Partial<ReplicatorOptions> = {},
): Replicator {
  return new OplogReplicator(dependencies, options);
}

/** Least time from one report to the next, milliseconds. */
const reportPauseMsMin = 100;

class OplogReplicator implements Replicator {
  readonly name = 'replicator';
  readonly #dependencies: ReplicatorDependencies;
  readonly #options: ReplicatorOptions;
  /** By stream. */
  readonly #oplogWakeups = new Map<number, Wakeup>();
  readonly #entitiesWakeup: Wakeup;
  readonly #verifyWakeup: Wakeup;
  readonly #snapshotWakeup: Wakeup;
  readonly #reportWakeup: Wakeup;
  #running: Running | null = null;

  constructor(dependencies: ReplicatorDependencies, options: Partial<ReplicatorOptions>) {
    this.#dependencies = dependencies;
    this.#options = { ...replicatorDefaults, ...options };
    this.#entitiesWakeup = new Wakeup(dependencies.clock);
    this.#verifyWakeup = new Wakeup(dependencies.clock);
    this.#snapshotWakeup = new Wakeup(dependencies.clock);
    this.#reportWakeup = new Wakeup(dependencies.clock);
  }

  status(): readonly EntityCacheStatus[] {
    return this.#running === null ? [] : [...this.#running.roster.caches()].map((cache) => cache.status());
  }

  readRows(...[name, request]: Parameters<Replicator['readRows']>): ReturnType<Replicator['readRows']> {
    const { store, entityName, columns } = this.#cacheToRead(name);
    return store.readRows({ ...request, entityName, columns });
  }

  readWholeRows(...[name, docIds]: Parameters<Replicator['readWholeRows']>): CachedRows {
    const { store, entityName, columns } = this.#cacheToRead(name);
    return store.readWholeRows({ entityName, columns, docIds });
  }

  #cacheToRead(name: string) {
    const cache = this.#running?.roster.named(name) ?? null;
    if (this.#running === null || cache === null)
      throw new EmcachersError({ code: 'EMC-5002', detail: `This node has no cache of ${name}.` });
    const { entityName, columns } = cache.entity;
    return { store: this.#running.store, entityName, columns };
  }

  entitiesChanged(): void {
    this.#entitiesWakeup.wake();
    this.#verifyWakeup.wake();
    this.#snapshotWakeup.wake();
  }

  oplogChanged(): void {
    for (const wakeup of this.#oplogWakeups.values()) wakeup.wake();
  }

  async run(signal: AbortSignal): Promise<void> {
    const store = this.#dependencies.openStore();
    using stop = linkedAbort(signal);
    const care = new StoreCare({ ...this.#dependencies, store, ...this.#lists() });
    const roster = this.#createRoster({ store, care, signal: stop.signal });
    const { clock } = this.#dependencies;
    const pauseMsMin = this.#options.sourceTimePauseMsMin;
    const times = new SourceTimes({ clock, store, pauseMsMin, caches: () => roster.followed() });
    this.#running = { store, roster };
    const followers = new StreamFollowers(
      (streamId) => this.#loop(stop.signal, this.#following({ store, roster, streamId }, times, stop.signal)),
      stop,
    );
    try {
      await endTogether(stop, [
        this.#loop(stop.signal, () => this.#lookAtEntities(roster, followers, stop.signal)),
        followers.ended(),
        this.#loop(stop.signal, this.#verifying({ store, roster }, stop.signal)),
        this.#loop(stop.signal, this.#snapshotting({ store, roster }, stop.signal)),
        this.#loop(stop.signal, () => times.step(stop.signal)),
        this.#loop(stop.signal, () => this.#pause(this.#options.tendMs, stop.signal, () => care.tend())),
        this.#loop(stop.signal, () => this.#report(care, stop.signal)),
      ]);
    } finally {
      await roster.ended();
      await care.ended();
      await store.close();
      this.#running = null;
    }
  }

  #lists(): Pick<StoreCareDependencies, 'caches' | 'followed'> {
    return {
      caches: () => this.#running?.roster.caches() ?? [],
      followed: () => this.#running?.roster.followed() ?? [],
    };
  }

  #createRoster(parts: { store: CacheStore; care: StoreCare; signal: AbortSignal }): CacheRoster {
    const { store, care, signal } = parts;
    const { clock, log, random, oplog } = this.#dependencies;
    const { catchUpMax, catchUpRowsMax: pageRowsMax, catchUpBytesMax: pageBytesMax } = this.#options;
    const turns = new Turns(catchUpMax);
    const indexTurns = new Turns(indexesAtOnce);
    const checkLater = care.checkLater.bind(care);
    const reportSoon = this.#reportWakeup.wake.bind(this.#reportWakeup);
    const { followRowsMax, followBytesMax } = this.#options;
    const starts = new SnapshotStarts({ ...this.#dependencies, store });
    const startFromSnapshot = starts.start.bind(starts);
    // A file that serves must not wait until one that is built gives up its turn.
    const served = { turns: new Turns(1), pageRowsMax: followRowsMax, pageBytesMax: followBytesMax };
    const driver = {
      clock,
      log,
      random,
      oplog,
      store,
      turns,
      indexTurns,
      pageRowsMax,
      pageBytesMax,
      checkLater,
      startFromSnapshot,
      reportSoon,
      served,
    };
    return new CacheRoster({ log, store, driver, signal });
  }

  #following(
    { store, roster, streamId }: Running & { readonly streamId: number },
    times: SourceTimes,
    signal: AbortSignal,
  ): () => Promise<void> {
    const { clock, oplog } = this.#dependencies;
    const { followRowsMax: pageRowsMax, followBytesMax: pageBytesMax, pollMs } = this.#options;
    const pages = { pageRowsMax, pageBytesMax };
    const onApplied = roster.wake.bind(roster);
    const onSourceTime = times.moved.bind(times);
    const hooks = { caches: () => roster.followed(), onApplied, onSourceTime };
    const follower = new Follower({ clock, oplog, store, streamId, ...hooks, ...pages });
    const wakeup = new Wakeup(clock);
    this.#oplogWakeups.set(streamId, wakeup);
    return async () => {
      if (!(await follower.step())) await wakeup.wait(pollMs, signal);
    };
  }

  #verifying({ store, roster }: Running, signal: AbortSignal): () => Promise<void> {
    const { verifyRowsPerSecondMax: rowsPerSecondMax, verifyPollMs } = this.#options;
    const cacheOf = roster.cacheOf.bind(roster);
    const verifier = new Verifier({ ...this.#dependencies, store, rowsPerSecondMax, cacheOf });
    return async () => {
      if (!(await verifier.step(signal))) await this.#verifyWakeup.wait(verifyPollMs, signal);
    };
  }

  #snapshotting({ store, roster }: Running, signal: AbortSignal): () => Promise<void> {
    const { snapshotRecords: records } = this.#dependencies;
    const cacheOf = roster.cacheOf.bind(roster);
    const snapshotter = new Snapshotter({ ...this.#dependencies, store, records, cacheOf });
    return async () => {
      if (!(await snapshotter.step(signal))) await this.#snapshotWakeup.wait(this.#options.verifyPollMs, signal);
    };
  }

  /** Every page, even an empty one, carries the oplog's identity. */
  async #lookAtEntities(roster: CacheRoster, followers: StreamFollowers, signal: AbortSignal): Promise<void> {
    const { entities, oplog } = this.#dependencies;
    const nothing = { streamId: defaultStreamId, afterId: 0, entityIds: [], limitRows: 1, limitBytes: 1 };
    const page = await oplog.readPage(nothing);
    await roster.reconcile(await entities(), page.historyId);
    followers.include([...roster.caches()].map(({ entity }) => entity.streamId));
    await this.#entitiesWakeup.wait(this.#options.pollMs, signal);
  }

  /** A report follows a change soon: jobs and the console wait for it. The pause joins what changes together. */
  async #report(care: StoreCare, signal: AbortSignal): Promise<void> {
    await this.#pause(reportPauseMsMin, signal, async () => {
      await this.#reportWakeup.wait(Math.max(0, this.#options.reportMs - reportPauseMsMin), signal);
      if (!signal.aborted) await care.report();
    });
  }

  async #pause(delayMs: number, signal: AbortSignal, action: () => Promise<void>): Promise<void> {
    await this.#dependencies.clock.sleep(delayMs, signal);
    if (!signal.aborted) await action();
  }

  /** Repeats the step. While PostgreSQL is unreachable it retries; any other error ends the replicator. */
  async #loop(signal: AbortSignal, step: () => Promise<void>): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      try {
        await step();
        failures = 0;
      } catch (error) {
        if (!isRetried(error)) throw error;
        await this.#waitToRetry({ error, failures }, signal);
        failures += 1;
      }
    }
  }

  async #waitToRetry({ error, failures }: { error: unknown; failures: number }, signal: AbortSignal): Promise<void> {
    const { clock, log, random } = this.#dependencies;
    if (failures === 0) log.warn({ err: error }, isDatabaseFault(error) ? databaseAway : filesUnusable);
    await clock.sleep(1 + backoffDelayMs(failures, databaseBackoff, random), signal);
  }
}

/** PostgreSQL may become reachable again, and a file that cannot be removed or read now may be later. */
function isRetried(error: unknown): boolean {
  return isDatabaseFault(error) || (error instanceof EmcachersError && error.code.startsWith('EMC-4'));
}

/** The first loop to fail ends the others. Its error is thrown, not the aborts that it caused. */
async function endTogether(stop: LinkedAbort, loops: readonly Promise<void>[]): Promise<void> {
  let failure: { readonly error: unknown } | null = null;
  const note = (error: unknown): void => {
    failure ??= { error };
    stop.abort();
  };
  await Promise.all(loops.map((loop) => loop.catch(note)));
  if (failure !== null) throw (failure as { readonly error: unknown }).error;
}
