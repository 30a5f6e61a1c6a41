import type { RowsPage } from '@emcachers/core/api-views';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Replicator } from '../../pipeline/replicator/replicator.ts';
import type { RowsRequest } from '../../pipeline/sqlite-cache/cache-types.ts';
import { docIdCandidates } from './doc-id-candidates.ts';

export interface RowsWanted extends Omit<RowsRequest, 'columns'> {
  /** An `_id` as a person writes it: the rows of every document that it may mean, instead of a page. */
  readonly idText?: string | undefined;
}

/** Reads pages of rows from this node's caches. Throws EMC-5004 on a node without the role `replicate`. */
export interface RowsReader {
  rows(request: RowsWanted): Promise<RowsPage>;
  /**
   * The offset of this node's cache of the entity; null if there is none. Called four times a second, so it must stay
   * cheap.
   */
  offset(entityName: string): number | null;
}

/** The rows of several pages of one row or none. */
function joined(pages: readonly RowsPage[]): RowsPage {
  const [first] = pages;
  if (first === undefined) throw new Error('An id means at least one document.');
  const rows = pages.flatMap((page) => page.rows);
  return { ...first, rows, next: null, total: rows.length };
}

export function createRowsReader(replicator: Replicator | null): RowsReader {
  return {
    async rows({ entityName, after, limit, docId, idText }) {
      if (replicator === null)
        throw new EmcachersError({
          code: 'EMC-5004',
          detail: 'This node has no caches because it does not have the role replicate.',
        });
      if (idText === undefined) return replicator.readRows(entityName, { after, limit, docId });
      const pages = docIdCandidates(idText).map((meant) => replicator.readRows(entityName, { limit, docId: meant }));
      return joined(pages);
    },
    offset(entityName) {
      const wanted = entityName.toLowerCase();
      const cache = replicator?.status().find((status) => status.entityName.toLowerCase() === wanted);
      return cache?.offset ?? null;
    },
  };
}
