import type { RowsPage } from '@emcachers/core/api-views';
import type { CacheBatch, CacheFinding, CacheIdentity, CacheState, CacheTrouble, RowsRequest } from './cache-types.ts';

/**
 * Contract of the SQLite caches: one file for each entity, `dbs/<entity>/db.g<N>.sqlite`, and `db.sqlite`, a symbolic link
 * to the one that applications read.
 *
 * Guarantees: rows, offset and document count commit together (I5); applying entries that are applied already changes
 * nothing (I4); what `db.sqlite` names is always complete, since a new generation is built under its own name and the link
 * is moved atomically (I8); a reader may open a published file at any time, also one that cannot write beside it.
 * Call order per entity: `open` → (`build` when it is absent or unusable) → `apply`… → `publish`; `remove` at the end.
 * Calls for one entity are made one after the other. `tend` about once a second, for all.
 * Failures: EMC-4001 the file is damaged (build a new one), EMC-4002 the disk is full, EMC-4003 it cannot be opened or
 * written. After any of them nothing of the call is in the file, and the entity must be opened again.
 * Not promised: anything across files; that a row's history is visible; that a building file is readable.
 */
export interface CacheStore {
  /** Looks for the newest file that fits. Cheap: it does not read the rows. */
  open(identity: CacheIdentity): Promise<CacheFinding>;
  /** Starts an empty generation beside what is there. What is published stays. */
  build(identity: CacheIdentity): Promise<CacheState>;
  apply(batch: CacheBatch): Promise<CacheState>;
  /** Moves the link to the open generation; older ones are removed `graceMs` later. */
  publish(entityId: number): Promise<CacheState>;
  /** Finds replaced, shrunk and deleted files, closes idle ones, truncates long logs, removes superseded generations. */
  tend(): Promise<readonly CacheTrouble[]>;
  /** Reads all of the file that `open` has found (`PRAGMA quick_check`), beside the writes. EMC-4001 when it is damaged. */
  check(entityId: number): Promise<void>;
  /** Closes the file; what is on disk stays. */
  release(entityId: number): Promise<void>;
  /** Closes and deletes everything of this entity. */
  remove(entity: { readonly entityId: number; readonly entityName: string }): Promise<void>;
  /** Deletes the caches of entities of this oplog that are none of these. */
  removeOthers(keep: { readonly entityNames: readonly string[]; readonly oplogGeneration: string }): Promise<void>;
  readRows(request: RowsRequest): RowsPage;
  close(): Promise<void>;
}
