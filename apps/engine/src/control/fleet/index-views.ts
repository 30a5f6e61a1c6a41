import type { EntityNodeView, EntityView } from '@emcachers/core/api-views';
import { indexName } from '@emcachers/core/cache-index';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import type { CacheRow } from '@emcachers/db/fleet/fleet-rows';

/** A cache's last report and the health of its node, by which a late report is not trusted. */
interface ReportedCache {
  readonly cache: Pick<CacheRow, 'nodeId' | 'indexes'>;
  readonly health: EntityNodeView['health'];
}

/** Each declared index with its state on every node. A node that has not heard of it yet is waiting. */
export function indexViews(
  { indexes }: Pick<EntityRecord, 'indexes'>,
  caches: readonly ReportedCache[],
): EntityView['indexes'] {
  return indexes.map((index) => ({
    columns: [...index.columns],
    nodes: caches.map(({ cache, health }) => {
      const found = cache.indexes.find((report) => indexName(report) === indexName(index));
      const { state, reason } = found ?? { state: 'waiting', reason: null };
      return { nodeId: cache.nodeId, state: health === 'unknown' ? 'unknown' : state, reason };
    }),
  }));
}

/** Readers of such a cache get their rows, but slowly. */
export function indexWarnings(views: EntityView['indexes']): string[] {
  return views.flatMap(({ columns, nodes }) =>
    nodes
      .filter(({ state }) => state === 'failed')
      .map(({ nodeId, reason }) => `The index on ${columns.join(', ')} could not be built on ${nodeId}: ${reason}`),
  );
}
