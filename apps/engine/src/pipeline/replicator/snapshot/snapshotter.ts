/**
 * Makes this node's snapshots, one at a time, as jobs ask for them in PostgreSQL, and deletes those that are not wanted any more: those that
 * an operator deleted, those of deleted entities, those that were made before a rebuild or an erasure was requested, and those beyond the
 * number that is kept. What a stopped node had begun is begun again.
 * Worst case: the process is killed between the last step of a snapshot and its record. The next start finds the file and records it.
 */
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import type { OwnSnapshots, SnapshotProgress, SnapshotRecord } from '@emcachers/db/snapshot/snapshots';
import { linkedAbort } from '../../../runtime/abort.ts';
import type { FoundSnapshot } from '../../sqlite-cache/snapshot/snapshot-paths.ts';
import type { SnapshotStore } from '../../sqlite-cache/snapshot/snapshot-store.ts';
import type { CacheStore } from '../../sqlite-cache/sqlite-cache.ts';
import { isDatabaseFault } from '../cache-driver.ts';
import type { EntityCache } from '../entity-cache.ts';

/** The node's side of the table of snapshots. */
export interface SnapshotRecords {
  /** The oldest that this node is asked for; null if there is none. */
  next(): Promise<SnapshotRecord | null>;
  /** False if it is no longer wanted. */
  save(progress: Omit<SnapshotProgress, 'nodeId'>): Promise<boolean>;
  /** True if this node is to delete a file that the table has. Cheap. */
  hasUnwanted(): Promise<boolean>;
  /** Corrects the table by the files that exist. Returns the ids of those that must be deleted. */
  reconcile(own: OwnSnapshots['own']): Promise<readonly string[]>;
  forget(snapshotIds: readonly string[]): Promise<void>;
}

export interface SnapshotterDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly store: Pick<CacheStore, 'check'>;
  readonly snapshots: SnapshotStore;
  readonly records: SnapshotRecords;
  readonly cacheOf: (entityId: number) => EntityCache | null;
}

/** How often progress is saved, milliseconds. */
const progressMs = 1_000;
/** How often the folder is compared with the table if nothing asks for it, milliseconds. */
const tidyMs = 60_000;

type Outcome = Omit<SnapshotProgress, 'nodeId' | 'snapshotId'>;

export class Snapshotter {
  readonly #dependencies: SnapshotterDependencies;
  #isClean = false;
  #tidiedAtMs = Number.NEGATIVE_INFINITY;

  constructor(dependencies: SnapshotterDependencies) {
    this.#dependencies = dependencies;
  }

  /** Makes one snapshot. False if none was asked for, or the signal aborts. Rejects only if PostgreSQL does not answer. */
  async step(signal: AbortSignal): Promise<boolean> {
    const { records, log } = this.#dependencies;
    try {
      if (await this.#isTidyDue()) await this.#tidy();
      const asked = await records.next();
      if (asked === null || signal.aborted) return false;
      const outcome = await this.#outcome(asked, signal);
      if (outcome === null) return false;
      await records.save({ snapshotId: asked.snapshotId, ...outcome });
      await this.#tidy();
      return true;
    } catch (error) {
      if (isDatabaseFault(error)) throw error;
      log.warn({ err: error }, 'The snapshots of this node cannot be looked after; trying again later.');
      return false;
    }
  }

  /** The files are looked at rarely, so that idle snapshots cost nothing. */
  async #isTidyDue(): Promise<boolean> {
    const { clock, records } = this.#dependencies;
    return clock.monotonicMs() - this.#tidiedAtMs >= tidyMs || (await records.hasUnwanted());
  }

  async #tidy(): Promise<void> {
    const { snapshots, records, log } = this.#dependencies;
    if (!this.#isClean) {
      const files = await snapshots.removeUnfinished();
      if (files.length > 0) log.info({ files }, 'Files of a snapshot that was not completed were deleted.');
      this.#isClean = true;
    }
    const own = await snapshots.own();
    const unwanted = new Set(await records.reconcile(own.map(recordedOf)));
    for (const surplus of beyond(own, snapshots.kept)) unwanted.add(surplus.manifest.snapshotId);
    const removed = own.filter(({ manifest }) => unwanted.has(manifest.snapshotId));
    for (const snapshot of removed) {
      await snapshots.remove(snapshot);
      const { entityName, offset } = snapshot.manifest;
      log.info({ entityName, offset, path: snapshot.files.database }, 'A snapshot was deleted.');
    }
    if (removed.length > 0) await records.forget(removed.map(({ manifest }) => manifest.snapshotId));
    this.#tidiedAtMs = this.#dependencies.clock.monotonicMs();
  }

  /** Null if the signal aborts. An error ends this snapshot, not the replicator. */
  async #outcome(asked: SnapshotRecord, signal: AbortSignal): Promise<Outcome | null> {
    const { cacheOf, log } = this.#dependencies;
    const cache = cacheOf(asked.entityId);
    const entityName = cache?.entity.entityName;
    try {
      const outcome = await this.#make(asked, publishedCache(cache), signal);
      log.info({ entityName, ...outcome }, 'A snapshot was made.');
      return outcome;
    } catch (error) {
      if (signal.aborted) return null;
      if (isDatabaseFault(error)) throw error;
      log.warn({ err: error, entityName }, 'A snapshot was not made.');
      await this.#checkSource(error, cache);
      return failureOf(error);
    }
  }

  async #make({ snapshotId }: SnapshotRecord, cache: EntityCache, signal: AbortSignal): Promise<Outcome> {
    const { clock, snapshots } = this.#dependencies;
    using cancelled = linkedAbort(signal);
    const progress = new Progress(this.#dependencies, snapshotId, () => cancelled.abort());
    const { identity } = cache;
    const manifest = await snapshots.make({
      ...{ snapshotId, identity, nowMs: clock.nowMs() },
      signal: cancelled.signal,
      onProgress: (bytes) => progress.note(bytes),
    });
    await progress.ended();
    const own = await snapshots.own();
    const path = own.find((each) => each.manifest.snapshotId === snapshotId)?.files.database ?? null;
    return { state: 'ready', copiedBytes: manifest.bytes, manifest, path, errorCode: null, message: null };
  }

  /** A damaged copy may come from a damaged cache, which is then built again. */
  async #checkSource(error: unknown, cache: EntityCache | null): Promise<void> {
    const cause = error instanceof Error ? error.cause : null;
    if (cache === null || !(cause instanceof EmcachersError) || cause.code !== 'EMC-4001') return;
    try {
      await this.#dependencies.store.check(cache.entity.entityId, { thorough: true });
    } catch (found) {
      if (found instanceof EmcachersError && found.code === 'EMC-4001') cache.fail(found);
    }
  }
}

/** Saves how far a snapshot is, now and then, and learns whether it is still wanted. */
class Progress {
  readonly #dependencies: Pick<SnapshotterDependencies, 'clock' | 'records'>;
  readonly #snapshotId: string;
  readonly #cancel: () => void;
  #savedAtMs = Number.NEGATIVE_INFINITY;
  #saving: Promise<void> = Promise.resolve();

  constructor(
    dependencies: Pick<SnapshotterDependencies, 'clock' | 'records'>,
    snapshotId: string,
    cancel: () => void,
  ) {
    this.#dependencies = dependencies;
    this.#snapshotId = snapshotId;
    this.#cancel = cancel;
  }

  note(copiedBytes: number): void {
    const { clock } = this.#dependencies;
    if (clock.monotonicMs() - this.#savedAtMs < progressMs) return;
    this.#savedAtMs = clock.monotonicMs();
    this.#saving = this.#saving.then(() => this.#save(copiedBytes));
  }

  /** Before the last state is saved. */
  async ended(): Promise<void> {
    await this.#saving;
  }

  /** A PostgreSQL that does not answer does not stop the snapshot, which is a file. */
  async #save(copiedBytes: number): Promise<void> {
    const none = { manifest: null, path: null, errorCode: null, message: null };
    const progress = { snapshotId: this.#snapshotId, state: 'running' as const, copiedBytes, ...none };
    const isWanted = await this.#dependencies.records.save(progress).catch(() => true);
    if (!isWanted) this.#cancel();
  }
}

function recordedOf({ manifest, files }: FoundSnapshot): OwnSnapshots['own'][number] {
  return { manifest, path: files.database };
}

/** The oldest beyond the number that is kept of each entity. `own` has the newest first. */
function beyond(own: readonly FoundSnapshot[], kept: number): FoundSnapshot[] {
  const counts = new Map<string, number>();
  return own.filter(({ manifest: { historyId, entityId } }) => {
    const key = `${historyId} ${entityId}`;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count > kept;
  });
}

function publishedCache(cache: EntityCache | null): EntityCache {
  if (cache?.state?.served === true) return cache;
  throw new EmcachersError({ code: 'EMC-4009', detail: 'This node has no published cache of it.' });
}

function failureOf(error: unknown): Outcome {
  const none = { copiedBytes: 0, manifest: null, path: null };
  if (error instanceof EmcachersError)
    return { state: 'failed', ...none, errorCode: error.code, message: error.detail };
  const message = error instanceof Error ? error.message : String(error);
  return { state: 'failed', ...none, errorCode: 'EMC-5999', message };
}
