import type { NewestEntry, NewestRequest, NewestRow } from '@emcachers/db/verify/newest-entries';

/** Reads what the documents of an entity are by the oplog, whatever was before. */
export interface NewestReader {
  /**
   * Every document of an entity that exists, ordered by the bytes of its DocID, in pages, from one snapshot. The snapshot stays
   * open until `each` has seen the last page or the signal aborts.
   */
  readNewest(request: NewestRequest, each: (page: readonly NewestRow[]) => Promise<void>): Promise<void>;
  /** The newest entries of some documents. */
  newestOf(request: { entityId: number; docIds: readonly string[] }): Promise<readonly NewestEntry[]>;
}
