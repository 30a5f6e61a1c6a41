import type { CacheIndex } from '@emcachers/core/cache-index';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { thresholds } from '@emcachers/core/status-facts';
import { readHead } from '@emcachers/db/compaction/safe-place';
import type { Asker } from '@emcachers/db/control/audit';
import { createEntities, type EntityToStore, findEntity } from '@emcachers/db/control/entities';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import {
  dropEntities,
  listDeleting,
  markDeleting,
  requestRebuild,
  requestRefresh,
  setIndexes,
  setPaused,
} from '@emcachers/db/control/entity-requests';
import { listOffsets, type OffsetRecord } from '@emcachers/db/control/offset-reports';
import type { Database } from '@emcachers/db/database';
import {
  cancelSnapshots,
  requestSnapshots,
  type SnapshotRecord,
  snapshotsOfEntity,
  snapshotsOfJob,
} from '@emcachers/db/snapshot/snapshots';
import { discardDeadLetters } from '@emcachers/db/statements/retry-dead-letters';
import {
  cancelVerification,
  requestVerification,
  type Verification,
  verificationsOf,
} from '@emcachers/db/verify/verifications';
import { Together } from '../../runtime/together.ts';

/**
 * The changes that the Job Server and the Entity Manager make to an entity's row. The statements are in packages/db.
 */
export interface EntityControl {
  /**
   * Entities that arrive together are created in one transaction. Throws EMC-5003 if the name is taken, EMC-5001 if the entity
   * needs a new stream and there are too many.
   */
  create(entity: EntityToStore): Promise<EntityRecord>;
  /** Null if there is no such entity. Names are case-insensitive. */
  find(entityName: string): Promise<EntityRecord | null>;
  /** Starts a new version and run, which end if the job is cancelled. Returns the version. */
  refresh(
    entityId: number,
    options: { readonly allowLargeSweep: boolean; readonly jobId: string },
  ): Promise<{ readonly version: number }>;
  rebuild(entityId: number): Promise<void>;
  setPaused(entityId: number, paused: boolean): Promise<void>;
  /** Nodes change the indexes of their files accordingly. */
  setIndexes(entityId: number, indexes: readonly CacheIndex[], asker?: Asker): Promise<void>;
  /** Deletes dead letters, all (null) or those of some documents. Returns how many. */
  discardDeadLetters(entityId: number, docIds: readonly string[] | null): Promise<number>;
  /** From now on nothing is appended for the entity, and nodes remove its files. */
  markDeleting(entityId: number): Promise<void>;
  /** The names of the entities whose deletion is not complete. */
  deleting(): Promise<readonly string[]>;
  /** Removes the partition, staging and all records of the entity, and frees its name. Entities that wait are dropped together. */
  drop(entityId: number): Promise<void>;
  /** The newest oplog id of the entity's stream. */
  head(entityId: number): Promise<number>;
  /** Asks nodes to verify, or to repair, their caches for a job. Repeating it changes nothing. */
  requestVerification(request: Parameters<typeof requestVerification>[1]): Promise<void>;
  /** What the nodes of a job have found so far. */
  verifications(jobId: string): Promise<readonly Verification[]>;
  cancelVerification(jobId: string): Promise<void>;
  /** Asks nodes to make snapshots for a job. Repeating it changes nothing. */
  requestSnapshots(request: Parameters<typeof requestSnapshots>[1]): Promise<void>;
  /** What the nodes of a job have made so far. */
  snapshotsOfJob(jobId: string): Promise<readonly SnapshotRecord[]>;
  cancelSnapshots(jobId: string): Promise<void>;
  /** Of all nodes, newest first. */
  snapshots(entityId: number): Promise<readonly SnapshotRecord[]>;
  /** The last report of each node that still has files of the entity. */
  caches(entityId: number): Promise<readonly CacheReport[]>;
}

/**
 * True if readers of the node have a file of a later generation than this. While a file is built, the report has its generation, but
 * readers still have the one before.
 */
export function servesLaterThan(cache: CacheReport, generation: number): boolean {
  const isServing = cache.published && (cache.state === 'level' || cache.state === 'catching-up');
  return isServing && (cache.generation ?? 0) > generation;
}

/** One node's last report about its cache. */
export interface CacheReport
  extends Pick<OffsetRecord, 'nodeId' | 'offset' | 'generation' | 'generations' | 'published' | 'state'> {
  /** The report is no older than the limit that `deriveStatus` uses. */
  readonly isPrompt: boolean;
}

export function createEntityControl(database: Database): EntityControl {
  const creations = new Together((entities: readonly EntityToStore[]) => createEntities(database, entities));
  // Waiting here and not in PostgreSQL, where each waiting call would occupy a connection.
  const drops = new Together(async (entityIds: readonly number[]) => {
    await dropEntities(database, entityIds);
    return entityIds;
  });
  return {
    async create(entity) {
      const created = await creations.add(entity);
      if (created instanceof EmcachersError) throw created;
      return created;
    },
    find: (entityName) => findEntity(database, entityName),
    refresh: async (entityId, options) => ({ version: await requestRefresh(database, { entityId, ...options }) }),
    rebuild: (entityId) => requestRebuild(database, entityId),
    setIndexes: (entityId, indexes, asker) =>
      setIndexes(database, { entityId, indexes, ...(asker === undefined ? {} : { asker }) }),
    setPaused: (entityId, paused) => setPaused(database, { entityId, paused }),
    discardDeadLetters: (entityId, docIds) => discardDeadLetters(database.pool, { entityId, docIds }),
    markDeleting: (entityId) => markDeleting(database, entityId),
    deleting: () => listDeleting(database),
    async drop(entityId) {
      await drops.add(entityId);
    },
    head: (entityId) => readHead(database.pool, entityId),
    requestVerification: (request) => requestVerification(database.pool, request),
    verifications: (jobId) => verificationsOf(database.pool, jobId),
    cancelVerification: (jobId) => cancelVerification(database.pool, jobId),
    requestSnapshots: (request) => requestSnapshots(database.pool, request),
    snapshotsOfJob: (jobId) => snapshotsOfJob(database.pool, jobId),
    cancelSnapshots: (jobId) => cancelSnapshots(database.pool, jobId),
    snapshots: (entityId) => snapshotsOfEntity(database.pool, entityId),
    async caches(entityId) {
      const offsets = (await listOffsets(database)).filter((report) => report.entityId === entityId);
      return offsets.map(({ nodeId, offset, generation, generations = null, published, state, reportedAgeMs }) => ({
        nodeId,
        offset,
        generation,
        generations,
        published,
        state,
        isPrompt: reportedAgeMs <= thresholds.reportAgeMsMax,
      }));
    },
  };
}
