import type { RowsPage } from '@emcachers/core/api-views';
import type { CacheIndex } from '@emcachers/core/cache-index';
import type { CachedRows } from '@emcachers/core/row-explanation';
import type {
  AdoptedFile,
  CacheBatch,
  CacheFinding,
  CacheIdentity,
  CacheState,
  CachesToKeep,
  CacheTrouble,
  DocumentCount,
  ExpectedRows,
  IndexedCache,
  NextGeneration,
  RemovalTrouble,
  RowComparison,
  RowsRequest,
  RowsToMend,
  WholeRowsRequest,
} from './cache-types.ts';

/**
 * Contract of the SQLite caches: one file per entity, `dbs/<entity>/db.g<N>.sqlite`, and `db.sqlite`, a symbolic link to the
 * generation that applications read.
 *
 * Guarantees: rows, offset and document count commit together (I5); applying entries a second time changes nothing
 * (I4); the target of `db.sqlite` is always complete, because a new generation is built under its own name and the link moves
 * atomically (I8); a reader may open a published file at any time, even without write access to its directory.
 * Call order per entity: `open` → (`build` if it is absent or unusable) → `apply`… → `publish`; `remove` at the end.
 * Make calls for one entity one after another. Call `tend` about once a second.
 * Failures: EMC-4001 if the file is damaged (build a new one), EMC-4002 if the disk is full, EMC-4004 if another program has
 * locked it, EMC-4005 while the lock of the data directory is lost, EMC-4003 if it cannot be opened or written for another reason. A failed call leaves nothing in the file, and the entity must be opened again.
 * Not promised: anything across files; that intermediate states of a row are visible; that a file is readable during its build.
 */
export interface CacheStore {
  /** Finds the newest usable file. Cheap: reads no rows. */
  open(identity: CacheIdentity): Promise<CacheFinding>;
  /**
   * Opens the published file beside a newer one that is being built, so that it can be fed until the link moves. From then on its
   * id in `apply` and `release` is `servedFileId(entityId)`. Absent if there is no newer file.
   */
  openServed(identity: CacheIdentity): Promise<CacheFinding>;
  /** Creates an empty generation beside the existing files. The published one stays. */
  build(identity: CacheIdentity): Promise<CacheState>;
  /** Where `build` would create a file. `adopt` opens what was put there under the unfinished name, complete and on disk. */
  prepare(identity: CacheIdentity): Promise<NextGeneration>;
  adopt(adopted: AdoptedFile): Promise<CacheState>;
  apply(batch: CacheBatch): Promise<CacheState>;
  /** Moves the link to the open generation and releases the served file. Older generations are deleted `graceMs` later. */
  publish(entityId: number): Promise<CacheState>;
  /**
   * Makes the open file have exactly these indexes, without stopping its readers and without holding up other files. No `apply`
   * of this entity may run meanwhile. An index that cannot be built is a failure of its own; the file keeps its rows.
   */
  changeIndexes(identity: CacheIdentity, declared: readonly CacheIndex[]): Promise<IndexedCache>;
  /** Detects replaced, truncated and deleted files, closes idle ones, truncates long WALs, deletes superseded generations. */
  tend(): Promise<readonly CacheTrouble[]>;
  /**
   * Checks the structure of the file that `open` found, while writes continue; `thorough` also compares its index with its
   * table. Rejects with EMC-4001 if it is damaged.
   */
  check(entityId: number, options: { readonly thorough: boolean }): Promise<void>;
  compare(expected: ExpectedRows): Promise<RowComparison>;
  count(entityId: number): Promise<DocumentCount>;
  /** Writes rows that were found wrong, without moving the offset. No `apply` of this entity may run between reading and mending. */
  mend(rows: RowsToMend): Promise<CacheState>;
  /** Closes the file and keeps it on disk. Returns its last state, after all calls that were made before; null if it was not open. */
  release(fileId: number): Promise<CacheState | null>;
  /** Closes and deletes all files of this entity. Directories and files that are not ours stay. */
  remove(entity: { readonly entityId: number; readonly entityName: string }): Promise<void>;
  /** Deletes caches of this oplog whose entities are not in the list. Returns what could not be deleted. */
  removeOthers(keep: CachesToKeep): Promise<readonly RemovalTrouble[]>;
  /** How many generations of an entity's cache have files. Throws EMC-4003 if the directory cannot be read. */
  countGenerations(entityName: string): number;
  readRows(request: RowsRequest): RowsPage;
  /** Some rows with every cell whole, for a comparison. Throws EMC-5004 before the first publication. */
  readWholeRows(request: WholeRowsRequest): CachedRows;
  close(): Promise<void>;
}
