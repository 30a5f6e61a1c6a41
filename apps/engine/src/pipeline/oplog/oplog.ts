import type { OplogEntry } from '@emcachers/core/operation';
import type {
  AppendBatch,
  AppendResult,
  OplogPage,
  PromotionResult,
  SavedPosition,
  ScanOutcome,
  ScanPage,
  StreamPosition,
} from './oplog-types.ts';

/**
 * The oplog: one ordered, idempotent log of all entities in PostgreSQL. The leader's change source writes it through
 * `OplogWriter`, every replicator reads it through `OplogReader`.
 *
 * Guarantees: id order is commit order, so a reader at offset N has seen every entry with id ≤ N (I3); the resume
 * token commits with the entries that it covers and never moves back (I2); an old epoch cannot write (I9); where an
 * operation goes (oplog, staging, nowhere) and its version are decided in the transaction that writes it.
 * Call order per entity: `beginScan` → `appendScanPage`… → `finishScan` → `promoteChunk` until `done`, with `append`
 * at any time beside it. A new run (refresh, truncate, rescan, lost token) may come in between; calls of the old run
 * then answer `superseded`, which is an expected outcome.
 * Failures: EMC-3002 the epoch is not ours; EMC-2006 the position would go back, or is of a stream that was reset;
 * EMC-3001 PostgreSQL is away. After a failed call nothing of it is written, except that the outcome of a commit whose
 * answer was lost is unknown: read the position again, never go on from memory.
 * Not promised: that a document's history is complete; that two entities of one batch appear to a reader at once.
 */
export interface OplogWriter {
  readPosition(): Promise<SavedPosition>;
  /** Items are applied in order. `position` covers all of them; null leaves the saved one. */
  append(batch: AppendBatch): Promise<AppendResult>;
  /** Idle progress: only when nothing before this position is in flight. */
  savePosition(position: StreamPosition): Promise<void>;
  /** The token is lost: every entity gets a new version and run and goes to `pending`, the position is cleared. */
  resetPosition(reason: string): Promise<void>;
  beginScan(scan: {
    entityId: number;
    runId: string;
    collectionUuid: string | null;
    estimated: number | null;
  }): Promise<ScanOutcome>;
  appendScanPage(page: ScanPage): Promise<ScanOutcome>;
  /** `endTime`: operation time read after the last page; promotion waits until the saved position has passed it. */
  finishScan(scan: { entityId: number; runId: string; endTime: bigint }): Promise<ScanOutcome>;
  /** The scan cannot be completed and a retry will not help: the entity becomes `failed` until it is refreshed. */
  failScan(scan: { entityId: number; runId: string; errorCode: string; reason: string }): Promise<ScanOutcome>;
  /** Moves at most `limit` staged rows or sweep deletions; the last call makes the entity live. */
  promoteChunk(chunk: { entityId: number; runId: string; limit: number }): Promise<PromotionResult>;
}

export interface OplogReader {
  /** Entries with id > `afterId` of these entities, one snapshot; at least one entry if there is any. */
  readPage(request: {
    afterId: number;
    entityIds: readonly number[];
    limitRows: number;
    limitBytes: number;
  }): Promise<OplogPage>;
  heads(): Promise<ReadonlyMap<number, number>>;
  /** Newest first, ids below `before` (null: from the head). */
  tail(request: { entityId: number; before: number | null; limit: number }): Promise<readonly OplogEntry[]>;
  countEntries(entityId: number): Promise<number>;
}
