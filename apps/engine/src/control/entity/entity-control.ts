import type { Shape } from '@emcachers/core/shape';
import { patience } from '@emcachers/core/status-facts';
import { createEntity, findEntity } from '@emcachers/db/control/entities';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import {
  dropEntity,
  markDeleting,
  requestRebuild,
  requestRefresh,
  setPaused,
} from '@emcachers/db/control/entity-requests';
import { listOffsets, type OffsetRecord } from '@emcachers/db/control/offset-reports';
import type { Database } from '@emcachers/db/database';

/** What the Job Server and the Entity Manager may do to an entity's row; the statements are in packages/db. */
export interface EntityControl {
  /** EMC-5003 where the name is taken. */
  create(shape: Shape): Promise<EntityRecord>;
  /** Null where no entity has the name; names compare without case. */
  find(entityName: string): Promise<EntityRecord | null>;
  /** A new version and run; answers with that version. */
  refresh(entityId: number, options: { readonly allowLargeSweep: boolean }): Promise<{ readonly version: number }>;
  rebuild(entityId: number): Promise<void>;
  setPaused(entityId: number, paused: boolean): Promise<void>;
  /** From now on nothing is appended for it and nodes remove its files. */
  markDeleting(entityId: number): Promise<void>;
  /** Partition, staging, records: everything of it, and its name is free again. */
  drop(entityId: number): Promise<void>;
  /** Which nodes that report still hold files of it, with what they hold. */
  caches(entityId: number): Promise<readonly CacheReport[]>;
}

/** What one node last reported of its cache. */
export interface CacheReport extends Pick<OffsetRecord, 'nodeId' | 'generation' | 'published'> {
  /** The node's report is not older than the patience that `deriveStatus` has. */
  readonly isPrompt: boolean;
}

export function createEntityControl(database: Database): EntityControl {
  return {
    create: (shape) => createEntity(database, shape),
    find: (entityName) => findEntity(database, entityName),
    refresh: async (entityId, { allowLargeSweep }) => ({
      version: await requestRefresh(database, { entityId, allowLargeSweep }),
    }),
    rebuild: (entityId) => requestRebuild(database, entityId),
    setPaused: (entityId, paused) => setPaused(database, { entityId, paused }),
    markDeleting: (entityId) => markDeleting(database, entityId),
    drop: (entityId) => dropEntity(database, entityId),
    async caches(entityId) {
      const offsets = (await listOffsets(database)).filter((report) => report.entityId === entityId);
      return offsets.map(({ nodeId, generation, published, reportedAgeMs }) => ({
        nodeId,
        generation,
        published,
        isPrompt: reportedAgeMs <= patience.reportAgeMsMax,
      }));
    },
  };
}
