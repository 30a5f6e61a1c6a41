import type { RowsPage } from '@emcachers/core/api-views';
import type { IndexReport } from '@emcachers/core/index-report';
import type { CachedRows } from '@emcachers/core/row-explanation';
import type { Service } from '../../runtime/service.ts';

/**
 * Contract of the replicator, which makes this node's caches follow the oplog.
 *
 * Guarantees: every cache of an entity that is not paused converges to the oplog's newest rows (I1), in id order for each
 * document (I6), each offset with its rows (I5). A cache that fails is suspended and retried with back-off, and stops no
 * other (I10). A new, damaged or outdated cache, or one due for a rebuild, is built beside the old file, which serves, and
 * follows the oplog if it can, until the new one is level and not behind it (I8). Memory is bounded by pages in rows and bytes (I11).
 * Wake-ups are hints: if all of them are lost, an entry is still applied within `pollMs`.
 * Call order: call `run` once; the other methods may follow in any order. `run` resolves after the signal has aborted and all
 * files are closed.
 * Failures: `run` rejects with EMC-1003 if another engine holds the data directory, and EMC-1001 if SQLite is too old.
 * While PostgreSQL is unreachable, `run` retries and `status` keeps reporting the last known offsets.
 * Not promised: that two entities have the same offset; that intermediate states of a document are ever visible.
 */
export interface Replicator extends Service {
  status(): readonly EntityCacheStatus[];
  /** A page of the published cache's rows. EMC-5002 for an unknown entity, EMC-5004 before its first publication. */
  readRows(
    entityName: string,
    request: { after?: string | undefined; limit: number; docId?: string | undefined },
  ): RowsPage;
  /** Rows of the published cache, with every cell whole. Errors as `readRows`. */
  readWholeRows(entityName: string, docIds: readonly string[]): CachedRows;
  /** Requests a check of the entity table, for example after a job changed it. */
  entitiesChanged(): void;
  /** Requests a poll of the oplog now. */
  oplogChanged(): void;
}

/** What a node reports about its caches. */
export interface CachesReport {
  /** Those that have changed since the last report, and now and then all. */
  readonly changed: readonly EntityCacheStatus[];
  /** Of all caches of the node. */
  readonly entityIds: readonly number[];
}

export interface EntityCacheStatus {
  readonly entityId: number;
  readonly entityName: string;
  /** Newest oplog id applied to the file; null before a file exists. */
  readonly offset: number | null;
  /** How many generations of the cache have files; absent if they were not counted. */
  readonly generations?: number;
  readonly documents: number | null;
  readonly fileBytes: number | null;
  readonly generation: number | null;
  readonly published: boolean;
  readonly state: 'building' | 'catching-up' | 'level' | 'paused' | 'failed';
  /** Entries applied since the engine started. */
  readonly appliedTotal: number;
  readonly lastAppliedAtMs: number | null;
  /** Source time of the newest applied entry that has one. */
  readonly sourceTimeMs: number | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  /** Absolute path of the link that applications open; null before the first publication. */
  readonly path: string | null;
  /** Of each declared index, in the order of their declaration. */
  readonly indexes: readonly IndexReport[];
}
