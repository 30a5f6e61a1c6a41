import type { CacheRow, FleetRows } from '@emcachers/db/fleet/fleet-rows';

/** By the rows that they were made from, so that a view of many entities looks through the caches once. */
const made = new WeakMap<readonly CacheRow[], ReadonlyMap<number, readonly CacheRow[]>>();

/** The caches of an entity on all nodes. */
export function cachesOf(entityId: number, { caches }: Pick<FleetRows, 'caches'>): readonly CacheRow[] {
  let byEntity = made.get(caches);
  if (byEntity === undefined) {
    byEntity = Map.groupBy(caches, (cache) => cache.entityId);
    made.set(caches, byEntity);
  }
  return byEntity.get(entityId) ?? [];
}
