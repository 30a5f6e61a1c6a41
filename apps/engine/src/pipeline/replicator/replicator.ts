import type { RowsPage } from '@emcachers/core/api-views';
import type { Service } from '../../runtime/service.ts';

/**
 * Contract of the replicator: this node's caches follow the oplog.
 *
 * Guarantees: every cache of an entity that is not paused converges to the oplog's newest rows (I1), in id order for each
 * document (I6), each offset with its rows (I5). A cache that fails is set aside, retried with backoff and stops no other
 * (I10). A cache that is new, damaged, of another history or to be rebuilt is built beside the old file, which serves until
 * the new one is level (I8). Memory is bounded by pages in rows and bytes (I11).
 * Wake-ups are hints: with all of them lost, an entry is applied within `pollMs`.
 * Call order: `run` once, then anything; `run` resolves when the signal aborted and all files are closed.
 * Failures: `run` rejects with EMC-1003 when another engine holds the data directory, EMC-1001 when SQLite is too old.
 * PostgreSQL being away is not a failure: it is waited for, and `status` keeps telling the last known offsets.
 * Not promised: that two entities are at the same offset; that a document's intermediate states are ever visible.
 */
export interface Replicator extends Service {
  status(): readonly EntityCacheStatus[];
  /** A page of the published cache's rows. EMC-5002 for an unknown entity, EMC-5004 before its first publication. */
  readRows(
    entityName: string,
    request: { after?: string | undefined; limit: number; docId?: string | undefined },
  ): RowsPage;
  /** Looks at the entity table soon, for example after a job changed it. */
  entitiesChanged(): void;
  /** Looks at the oplog now. */
  oplogChanged(): void;
}

export interface EntityCacheStatus {
  readonly entityId: number;
  readonly entityName: string;
  /** Newest oplog id that the file has; null before a file exists. */
  readonly offset: number | null;
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
}
