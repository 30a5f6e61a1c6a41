import type { CacheRow, FleetRows, OplogExtent } from '@emcachers/db/fleet/fleet-rows';
import type { EntityCacheStatus } from '../../pipeline/replicator/replicator.ts';

/**
 * Replaces this node's rows with its current cache status, which is newer than its last report to PostgreSQL. The lag
 * still comes from PostgreSQL, unless the cache has applied every entry that was read.
 */
export function withOwnCaches(
  rows: FleetRows,
  own: { readonly nodeId: string; readonly caches: readonly EntityCacheStatus[] },
): FleetRows {
  const reported = new Map(
    rows.caches.filter((cache) => cache.nodeId === own.nodeId).map((cache) => [cache.entityId, cache]),
  );
  const known = own.caches.flatMap((status) => {
    const extent = rows.extents.get(status.entityId);
    if (extent === undefined) return [];
    const last = reported.get(status.entityId);
    return [{ ...cacheRow(status, extent, last), nodeId: own.nodeId, reportedAtMs: rows.nowMs }];
  });
  return { ...rows, caches: [...rows.caches.filter((cache) => cache.nodeId !== own.nodeId), ...known] };
}

function cacheRow(
  status: EntityCacheStatus,
  extent: OplogExtent,
  last: CacheRow | undefined,
): Omit<CacheRow, 'nodeId' | 'reportedAtMs'> {
  const isLevel = status.offset !== null && status.offset >= (extent.head ?? 0);
  return {
    entityId: status.entityId,
    offset: status.offset,
    documents: status.documents,
    fileBytes: status.fileBytes,
    generation: status.generation,
    state: status.state,
    appliedTotal: status.appliedTotal,
    lastAppliedAtMs: status.lastAppliedAtMs,
    sourceTimeMs: status.sourceTimeMs,
    errorCode: status.error?.code ?? null,
    error: status.error?.message ?? null,
    path: status.path,
    indexes: status.indexes,
    ...lagOf(isLevel, last),
    // Found in the file that the node had when it reported last.
    differences: last?.generation === status.generation ? last.differences : 0,
  };
}

function lagOf(isLevel: boolean, last: CacheRow | undefined): Pick<CacheRow, 'lagEntries' | 'oldestWaitingAtMs'> {
  if (isLevel) return { lagEntries: 0, oldestWaitingAtMs: null };
  return { lagEntries: last?.lagEntries ?? null, oldestWaitingAtMs: last?.oldestWaitingAtMs ?? null };
}
