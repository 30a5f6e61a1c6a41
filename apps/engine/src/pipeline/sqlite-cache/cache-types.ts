import type { ErrorCode } from '@emcachers/core/error-codes';
import type { Column } from '@emcachers/core/shape';

/** Types of the caches' interface, `sqlite-cache.ts`. */

/** Identifies what a file caches. */
export interface CacheIdentity {
  readonly entityId: number;
  readonly entityName: string;
  readonly columns: readonly Column[];
  readonly shapeHash: string;
  /** Identity of the oplog's history. Offsets of a different history are meaningless. */
  readonly historyId: string;
  readonly rebuildRequested: number;
}

export interface CacheState {
  readonly generation: number;
  readonly offset: number;
  readonly documents: number;
  /** True if `db.sqlite` points to this generation. */
  readonly published: boolean;
  /** True if `db.sqlite` points to any generation; during a build, that is the previous one. */
  readonly served: boolean;
  readonly fileBytes: number;
  /** The link that applications open. */
  readonly path: string;
  /** The generation's own file. */
  readonly file: string;
  /** The term of leadership under which its newest page was read, used to detect a restored PostgreSQL; null before the first. */
  readonly termId: string | null;
  /** The entity's horizon when the file was at offset 0. Only a higher one, above the offset, means that entries were missed. */
  readonly horizon: number;
  /** Every change of the entity at the source up to and including this cluster time is in the file; null: unknown. */
  readonly sourceTime: bigint | null;
  /** Names of the declared indexes that the file has (`indexName`). */
  readonly indexes: readonly string[];
}

/** A generation that does not exist yet. */
export interface NextGeneration {
  readonly generation: number;
  readonly file: string;
}

/** A generation whose file exists under its unfinished name, complete and on disk. */
export interface AdoptedFile {
  readonly identity: CacheIdentity;
  readonly generation: number;
}

/** What became of the indexes of a file. Those that could not be built are missing from its state. */
export interface IndexedCache {
  readonly state: CacheState;
  readonly failures: readonly IndexFailure[];
}

export interface IndexFailure {
  readonly name: string;
  readonly reason: string;
}

export type CacheFinding =
  | { readonly kind: 'present'; readonly state: CacheState }
  | { readonly kind: 'absent' }
  /** A file exists and may be served, but must be rebuilt. */
  | { readonly kind: 'unusable'; readonly reason: string; readonly code: 'EMC-3003' | 'EMC-4001' | null };

/** Consecutive entries of one entity, in id order. `data[i]` null is a Delete. */
export interface CacheBatch {
  /** The entity's id, or `servedFileId` of it. */
  readonly entityId: number;
  /** The offset that these entries follow. A file below it refuses the batch, which would leave a gap (I3). */
  readonly after: number;
  readonly docIds: readonly string[];
  readonly data: readonly (string | null)[];
  /** The offset after the batch; at least the id of its last entry. */
  readonly offset: number;
  readonly version: number | null;
  /** The term of leadership under which the entries were read. */
  readonly termId: string | null;
  /** As in `CacheState`. */
  readonly horizon: number;
  /** As in `CacheState`, after the batch. An earlier time than the file's is ignored. */
  readonly sourceTime: bigint | null;
}

/**
 * What `tend` found. `file`: the open file cannot be used any more, with the error's own code. `leftover`: a superseded file
 * cannot be deleted; the cache itself is sound.
 */
export interface CacheTrouble {
  /** The entity's id, or `servedFileId` of it. */
  readonly entityId: number;
  readonly kind: 'file' | 'leftover';
  readonly code: ErrorCode;
  readonly reason: string;
}

/** Rows that a cache should have, to be compared with those that it has. */
export interface ExpectedRows {
  readonly entityId: number;
  /**
   * All documents with `after` < DocID ≤ `upTo` (by their bytes; null is no bound) are in `docIds`, and any other row there is
   * extra. Null: only these documents are compared.
   */
  readonly range: { readonly after: string | null; readonly upTo: string | null } | null;
  readonly docIds: readonly string[];
  /** As in `CacheBatch`; null is no row. */
  readonly data: readonly (string | null)[];
  /** Differences beyond this number are not returned. */
  readonly differencesMax: number;
}

/** DocIDs of rows that differ from what was expected. */
export interface RowDifferences {
  readonly missing: readonly string[];
  readonly extra: readonly string[];
  readonly different: readonly string[];
}

export interface RowComparison extends RowDifferences {
  /** The offset of the file when its rows were read. */
  readonly offset: number;
}

/** The documents of a file by its metadata, and by counting its rows. */
export interface DocumentCount {
  readonly recorded: number;
  readonly counted: number;
}

export interface RowsToMend {
  readonly entityId: number;
  readonly docIds: readonly string[];
  readonly data: readonly (string | null)[];
}

export interface CachesToKeep {
  readonly entityNames: readonly string[];
  readonly historyId: string;
}

/** A cache of a deleted entity whose files could not all be deleted. */
export interface RemovalTrouble {
  readonly entityName: string;
  readonly code: ErrorCode;
  readonly reason: string;
}

export interface WholeRowsRequest extends Pick<RowsRequest, 'entityName' | 'columns'> {
  readonly docIds: readonly string[];
}

export interface RowsRequest {
  readonly entityName: string;
  readonly columns: readonly Column[];
  readonly after?: string | undefined;
  readonly limit: number;
  readonly docId?: string | undefined;
}
