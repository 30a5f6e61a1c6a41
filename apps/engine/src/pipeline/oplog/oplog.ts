import type { OplogEntry } from '@emcachers/core/operation';
import type { TermCheck } from '@emcachers/db/statements/term-check';
import type { NewestReader } from './newest-reader.ts';
import type {
  AppendBatch,
  AppendResult,
  FinishedScan,
  OplogPage,
  PromotionResult,
  RereadDocuments,
  RereadOutcome,
  RetriedDocuments,
  RetryOutcome,
  SavedPosition,
  ScanOutcome,
  ScanPage,
  ScanProof,
  ScanRun,
  StreamPosition,
} from './oplog-types.ts';

/**
 * Contract of the oplog: one ordered, idempotent log of all entities in PostgreSQL. The leader's ingest writes it through
 * `OplogWriter`; every replicator reads it through `OplogReader`.
 *
 * Guarantees: within a stream, id order is commit order, so a reader at offset N has seen every entry with id ≤ N (I3); the resume
 * token commits with the entries that it covers and never moves back (I2); an old epoch cannot write (I9); the transaction that
 * writes an operation decides its destination (oplog, staging or none) and its version. Of a refresh, a scanned row is written
 * only if no live operation of its document has been since the scan began. A unit's entries are in one batch and one page.
 * Call order per entity: `beginScan` → `appendScanPage`… → `finishScan` → `promoteChunk` until `done`, with `append`
 * allowed at any time. A new run (refresh, truncate, rescan, lost token) may start in between; calls of the old run then
 * return `superseded`, which is an expected outcome.
 * Failures: EMC-3002 if the epoch is not ours; EMC-2006 if the position would move back or belongs to a stream that was reset;
 * EMC-3001 if PostgreSQL is unreachable. A failed call writes nothing, except that the outcome of a commit without a reply is
 * unknown: read the position again instead of continuing from memory.
 * Not promised: a complete history of a document; that two entities of one batch become visible to a reader at the same time.
 */
export interface OplogWriter {
  readPosition(): Promise<SavedPosition>;
  /** Applies items in order. `position` covers all of them; null keeps the saved position. */
  append(batch: AppendBatch): Promise<AppendResult>;
  /** Saves an idle position. Call it only when nothing before this position is in flight. */
  savePosition(position: StreamPosition): Promise<void>;
  /** Handles a lost token: clears the position, notes why, and has every entity scanned again. */
  resetPosition(loss: { reason: string; errorCode: string }): Promise<void>;
  beginScan(scan: ScanRun & { collectionUuid: string | null; estimated: number | null }): Promise<ScanOutcome>;
  /** Records which collection a live entity copies, if it was not known: the collection was created after the scan. */
  recordCollection(scan: ScanRun & { collectionUuid: string | null }): Promise<ScanOutcome>;
  appendScanPage(page: ScanPage): Promise<ScanOutcome>;
  /** `endTime` is an operation time read after the last page. Promotion waits until the saved position has passed it. */
  finishScan(scan: ScanRun & FinishedScan): Promise<ScanOutcome>;
  /** Abandons a scan that a retry cannot complete: the entity stays `failed` until it is refreshed. */
  failScan(scan: ScanRun & { errorCode: string; reason: string }): Promise<ScanOutcome>;
  /** Appends documents that had dead letters, and removes letters of those that are good or gone, unless the letter changed since. */
  appendRetry(retried: RetriedDocuments): Promise<RetryOutcome>;
  /** Appends documents that were read again and have no entries since `start`, after the stream has passed the reading. */
  appendReread(reread: RereadDocuments): Promise<RereadOutcome>;
  /** Plans a part of the sweep, or moves at most `limit` staged rows or sweep deletions. The last call makes the entity live. */
  promoteChunk(chunk: ScanRun & { limit: number }): Promise<PromotionResult>;
  /** Answers `unproven`. `waiting`: the stream has not passed the look-up's time; look up again. */
  proveScan(run: ScanRun & ScanProof): Promise<'proven' | 'waiting' | 'superseded'>;
}

export interface OplogReader extends NewestReader {
  /** Whether a reader of every entry up to `offset`, last read under `termId`, has read what the oplog contains. */
  checkTerm(reader: { streamId: number; termId: string | null; offset: number }): Promise<TermCheck>;
  /** Entries of these entities of one stream with id > `afterId`, from one snapshot; at least one entry if any exists. A single unit may exceed the limits. */
  readPage(request: {
    /** The stream of all the entities. */
    streamId: number;
    afterId: number;
    entityIds: readonly number[];
    limitRows: number;
    limitBytes: number;
  }): Promise<OplogPage>;
  /** Entries with ids below `before` (null: from the head), newest first. */
  tail(request: { entityId: number; before: number | null; limit: number }): Promise<readonly OplogEntry[]>;
}
