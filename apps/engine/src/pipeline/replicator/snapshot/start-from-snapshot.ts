/**
 * Starts a cache from a snapshot instead of the beginning of the oplog. A snapshot is used only if this oplog continues it: same entity,
 * shape, history and term, not below the horizon, not older than the newest request for a rebuild. Its copy is then checked by the store.
 * Keeps I1: from there on the cache applies pages like one that was away for a while. What does not fit is left alone, and the log says why.
 * Worst case: a snapshot that passes every check and still cannot be continued. Each is tried once, so the cache is then built from the oplog.
 */
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import type { SnapshotManifest } from '@emcachers/core/snapshot-manifest';
import { unlessLate } from '../../../runtime/abort.ts';
import type { OplogReader } from '../../oplog/oplog.ts';
import type { OplogPage } from '../../oplog/oplog-types.ts';
import type { CacheIdentity, CacheState } from '../../sqlite-cache/cache-types.ts';
import type { FoundSnapshot } from '../../sqlite-cache/snapshot/snapshot-paths.ts';
import type { SnapshotStore } from '../../sqlite-cache/snapshot/snapshot-store.ts';
import type { CacheStore } from '../../sqlite-cache/sqlite-cache.ts';
import type { EntityCache } from '../entity-cache.ts';
import { restoredMessage } from '../history-check.ts';
import { outdatedBy } from '../page-batches.ts';
import { Turns } from '../turns.ts';

export interface SnapshotStartDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly oplog: Pick<OplogReader, 'readPage' | 'checkTerm'>;
  readonly store: Pick<CacheStore, 'prepare' | 'adopt'>;
  readonly snapshots: Pick<SnapshotStore, 'find' | 'copy'>;
}

/** Longest wait for the list of a folder, which may be a mount, milliseconds. */
const findMsMax = 10_000;
/** Copies at once. Each uses the disk at the rate that is allowed for one. */
const copiesMax = 1;

export class SnapshotStarts {
  readonly #dependencies: SnapshotStartDependencies;
  readonly #turns = new Turns(copiesMax);
  /** Paths of the manifests of snapshots that were copied. */
  readonly #tried = new Set<string>();

  constructor(dependencies: SnapshotStartDependencies) {
    this.#dependencies = dependencies;
  }

  /** The state of the new, unpublished file; null if no snapshot fits or the signal aborts. Rejects if PostgreSQL does not answer. */
  async start(cache: EntityCache, signal: AbortSignal): Promise<CacheState | null> {
    const candidates = await this.#find(cache.identity);
    if (candidates.length === 0) return null;
    let state: CacheState | null = null;
    await this.#turns.take(async () => {
      state = await this.#startFromFirst(cache, candidates, signal);
    }, signal);
    return state;
  }

  /** The furthest first. */
  async #find({ entityName }: CacheIdentity): Promise<readonly FoundSnapshot[]> {
    const { snapshots, clock, log } = this.#dependencies;
    try {
      const answer = await unlessLate(snapshots.find(entityName), { clock, delayMsMax: findMsMax });
      if (answer === null)
        throw new EmcachersError({ code: 'EMC-4003', detail: 'A folder of snapshots does not answer.' });
      for (const each of answer.unreadable) log.warn({ entityName, ...each }, 'A snapshot is ignored.');
      return answer.found.toSorted((left, right) => right.manifest.offset - left.manifest.offset);
    } catch (error) {
      log.warn({ err: error, entityName }, 'Snapshots cannot be listed; the cache starts without one.');
      return [];
    }
  }

  async #startFromFirst(
    cache: EntityCache,
    candidates: readonly FoundSnapshot[],
    signal: AbortSignal,
  ): Promise<CacheState | null> {
    for (const snapshot of candidates) {
      if (signal.aborted) return null;
      const state = await this.#startFrom(cache, snapshot, signal);
      if (state !== null) return state;
    }
    return null;
  }

  async #startFrom(cache: EntityCache, snapshot: FoundSnapshot, signal: AbortSignal): Promise<CacheState | null> {
    const { log } = this.#dependencies;
    const { entityName } = cache.identity;
    const { offset } = snapshot.manifest;
    const about = { entityName, path: snapshot.files.database, offset };
    const reason = await this.#misfit(cache, snapshot);
    if (reason !== null) {
      log.info({ ...about, reason }, 'A snapshot does not fit and is ignored.');
      return null;
    }
    this.#tried.add(snapshot.files.manifest);
    try {
      const state = await this.#copy(cache.identity, snapshot, signal);
      log.info(about, 'The cache starts from a snapshot.');
      return state;
    } catch (error) {
      if (!signal.aborted) log.warn({ ...about, ...reasonOf(error) }, 'A snapshot cannot be used and is ignored.');
      return null;
    }
  }

  async #copy(identity: CacheIdentity, snapshot: FoundSnapshot, signal: AbortSignal): Promise<CacheState> {
    const { store, snapshots } = this.#dependencies;
    const { generation, file: target } = await store.prepare(identity);
    await snapshots.copy(snapshot, { generation, target, signal });
    return store.adopt({ identity, generation });
  }

  /** Null if the oplog continues the snapshot. */
  async #misfit(cache: EntityCache, { manifest, files }: FoundSnapshot): Promise<string | null> {
    if (this.#tried.has(files.manifest)) return 'It was tried before.';
    const ofAnother = misfitOf(manifest, cache.identity);
    if (ofAnother !== null) return ofAnother;
    const { entityId, streamId } = cache.entity;
    const { offset, termId, historyId, horizon } = manifest;
    const page = await this.#pageAfter({ streamId, entityId, offset });
    const outdated = outdatedBy(page, { entityId, offset, historyId, horizon });
    if (outdated !== null) return outdated.message;
    const { continues } = await this.#dependencies.oplog.checkTerm({ streamId, termId, offset });
    return continues ? null : restoredMessage;
  }

  /** The smallest page that a cache at this offset would read next. It has the horizon if that is above the offset. */
  #pageAfter(place: { streamId: number; entityId: number; offset: number }): Promise<OplogPage> {
    const { streamId, entityId, offset: afterId } = place;
    return this.#dependencies.oplog.readPage({ streamId, afterId, entityIds: [entityId], limitRows: 1, limitBytes: 1 });
  }
}

/** Why a snapshot is not of this entity as it is now; null if it is. Pure. */
export function misfitOf(manifest: SnapshotManifest, identity: CacheIdentity): string | null {
  if (manifest.entityId !== identity.entityId) return 'It is of another entity.';
  if (manifest.historyId !== identity.historyId) return 'It is of another oplog history.';
  if (manifest.shapeHash !== identity.shapeHash) return 'It is of another shape.';
  if (manifest.rebuild < identity.rebuildRequested) return 'It was made before a rebuild was requested.';
  return manifest.offset === 0 ? 'It has no entries.' : null;
}

function reasonOf(error: unknown): { readonly code: string; readonly reason: string } {
  if (error instanceof EmcachersError) return { code: error.code, reason: error.detail };
  return { code: 'EMC-5999', reason: error instanceof Error ? error.message : String(error) };
}
