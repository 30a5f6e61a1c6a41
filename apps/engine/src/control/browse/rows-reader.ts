import type { RowsPage } from '@emcachers/core/api-views';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Replicator } from '../../pipeline/replicator/replicator.ts';
import type { RowsRequest } from '../../pipeline/sqlite-cache/cache-types.ts';

/** Reads pages of rows from this node's caches. Throws EMC-5004 on a node without the role `replicate`. */
export interface RowsReader {
  rows(request: Omit<RowsRequest, 'columns'>): Promise<RowsPage>;
  /**
   * The offset of this node's cache of the entity; null if there is none. Called four times a second, so it must stay
   * cheap.
   */
  offset(entityName: string): number | null;
}

export function createRowsReader(replicator: Replicator | null): RowsReader {
  return {
    async rows({ entityName, after, limit, docId }) {
      if (replicator === null)
        throw new EmcachersError({
          code: 'EMC-5004',
          detail: 'This node has no caches because it does not have the role replicate.',
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
