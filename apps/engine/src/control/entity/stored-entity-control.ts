import { patience } from '@emcachers/core/status-facts';
import { createEntity, type EntityRecord, findEntity } from '@emcachers/db/control/entities';
import {
  dropEntity,
  markDeleting,
  requestRebuild,
  requestRefresh,
  setPaused,
} from '@emcachers/db/control/entity-requests';
import { listOffsets } from '@emcachers/db/control/offset-reports';
import type { Database } from '@emcachers/db/database';
import type { EntityControl, EntityState } from './entity-control.ts';

export function createEntityControl(database: Database): EntityControl {
  return {
    create: async (shape) => ({ entityId: (await createEntity(database, shape)).id }),
    async find(entityName) {
      const record = await findEntity(database, entityName);
      return record === null ? null : entityState(record);
    },
    refresh: async (entityId, { allowLargeSweep }) => ({
      version: await requestRefresh(database, { entityId, allowLargeSweep }),
    }),
    rebuild: (entityId) => requestRebuild(database, entityId),
    setPaused: (entityId, paused) => setPaused(database, { entityId, paused }),
    markDeleting: (entityId) => markDeleting(database, entityId),
    drop: (entityId) => dropEntity(database, entityId),
    async caches(entityId) {
      const offsets = (await listOffsets(database)).filter((report) => report.entityId === entityId);
      return offsets.map(({ nodeId, generation, published, state, reportedAgeMs }) => ({
        nodeId,
        generation,
        published,
        state,
        isPrompt: reportedAgeMs <= patience.reportAgeMsMax,
      }));
    },
  };
}

function entityState(record: EntityRecord): EntityState {
  const { id, name, columns, activity, paused, version, liveFromId, reason, errorCode, scan } = record;
  return {
    entityId: id,
    entityName: name,
    columns,
    activity,
    paused,
    version,
    hasBeenLive: liveFromId !== null,
    reason,
    errorCode,
    scanned: scan.scanned,
  };
}
