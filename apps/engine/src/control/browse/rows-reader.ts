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
   * The offsets of this node's caches of these entities, by the names as given; an entity without a readable cache is left out.
   * Called four times a second for each browser, so it looks at all caches once and not for each name.
   */
  offsets(entityNames: readonly string[]): ReadonlyMap<string, number>;
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
    offsets(entityNames) {
      if (replicator === null || entityNames.length === 0) return new Map();
      const byName = new Map(replicator.status().map(({ entityName, offset }) => [entityName.toLowerCase(), offset]));
      const found = entityNames.map(
        (entityName) => [entityName, byName.get(entityName.toLowerCase()) ?? null] as const,
      );
      return new Map(found.filter((entry): entry is readonly [string, number] => entry[1] !== null));
    },
  };
}
