import type { RowsPage } from '@emcachers/core/api-views';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Replicator } from '../../pipeline/replicator/replicator.ts';
import type { RowsRequest } from '../../pipeline/sqlite-cache/cache-types.ts';

/** Pages through the rows of this node's own caches; a node without the role `replicate` has none and says so. */
export interface RowsReader {
  rows(request: Omit<RowsRequest, 'columns'>): Promise<RowsPage>;
  /** The offset of this node's cache of the entity; null where it keeps none. Cheap: asked four times a second. */
  offset(entityName: string): number | null;
}

export function createRowsReader(replicator: Replicator | null): RowsReader {
  return {
    async rows({ entityName, after, limit, docId }) {
      if (replicator === null)
        throw new EmcachersError({
          code: 'EMC-5004',
          detail: 'This node keeps no caches: its roles leave out replicate.',
        });
      return replicator.readRows(entityName, { after, limit, docId });
    },
    offset(entityName) {
      const wanted = entityName.toLowerCase();
      const cache = replicator?.status().find((status) => status.entityName.toLowerCase() === wanted);
      return cache?.offset ?? null;
    },
  };
}
