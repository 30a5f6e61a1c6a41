import type { NewestEntry, NewestId, NewestRequest, NewestRow } from '@emcachers/db/verify/newest-entries';

/** Reads what the documents of an entity are by the oplog, whatever was before. */
export interface NewestReader {
  /**
   * Every document of an entity that exists, ordered by the bytes of its DocID, in pages, from one snapshot. The snapshot stays
   * open until `each` has seen the last page, or resolves with false, or the signal aborts.
   */
  readNewest(request: NewestRequest, each: (page: readonly NewestRow[]) => Promise<boolean>): Promise<void>;
  /** The newest entries of some documents. */
  newestOf(request: { entityId: number; docIds: readonly string[] }): Promise<readonly NewestEntry[]>;
  /** The ids of the newest entries of some documents. Reads the whole partition, whatever their number. */
  newestIdsOf(request: { entityId: number; docIds: readonly string[] }): Promise<readonly NewestId[]>;
  /** The rows of some entries by id, null for a Delete; without those that are gone. */
  dataOf(request: { entityId: number; ids: readonly number[] }): Promise<ReadonlyMap<number, string | null>>;
}
