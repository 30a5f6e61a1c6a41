import type { Column } from '@emcachers/core/shape';

/** What goes through the front door of the caches, `sqlite-cache.ts`. */

/** What a file must be a cache of. */
export interface CacheIdentity {
  readonly entityId: number;
  readonly entityName: string;
  readonly columns: readonly Column[];
  readonly shapeHash: string;
  /** Identity of the oplog's history; offsets of another one mean nothing. */
  readonly oplogGeneration: string;
  readonly rebuildRequested: number;
}

export interface CacheState {
  readonly generation: number;
  readonly offset: number;
  readonly documents: number;
  /** `db.sqlite` names this generation. */
  readonly published: boolean;
  /** `db.sqlite` names some generation: while a new one is built, the one before. */
  readonly served: boolean;
  readonly fileBytes: number;
  /** The link that applications open. */
  readonly path: string;
  /** The generation's own file. */
  readonly file: string;
  /** The newest entry in the file, to notice a database that was rewound; null before the first. */
  readonly lastEntry: LastEntry | null;
}

export interface LastEntry {
  readonly id: number;
  readonly fingerprint: string;
}

export type CacheFinding =
  | { readonly kind: 'present'; readonly state: CacheState }
  | { readonly kind: 'absent' }
  /** A file is there and may be served, but it must be built again. */
  | { readonly kind: 'unusable'; readonly reason: string; readonly code: 'EMC-3003' | 'EMC-4001' | null };

/** Consecutive entries of one entity, in id order. `data[i]` null is a Delete. */
export interface CacheBatch {
  readonly entityId: number;
  /** The offset that these entries follow. A file that is not so far is refused: there would be a hole (I3). */
  readonly after: number;
  readonly docIds: readonly string[];
  readonly data: readonly (string | null)[];
  /** The offset after them; at least the id of the last. */
  readonly offset: number;
  readonly version: number | null;
  readonly lastEntry: LastEntry | null;
}

export interface CacheTrouble {
  readonly entityId: number;
  readonly reason: string;
}

export interface RowsRequest {
  readonly entityName: string;
  readonly columns: readonly Column[];
  readonly after?: string | undefined;
  readonly limit: number;
  readonly docId?: string | undefined;
}
