import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Replicator } from '../../pipeline/replicator/replicator.ts';
import type { RowsReader } from './rows-reader.ts';

/** Reads this node's own caches; a node without the role `replicate` has none and says so. */
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
