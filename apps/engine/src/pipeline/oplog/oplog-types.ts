import type { ColumnCounts } from '@emcachers/core/document/projection';
import type { ErrorCode } from '@emcachers/core/error-codes';
import type { Operation, OplogEntry } from '@emcachers/core/operation';
import type { RereadStart } from '@emcachers/db/statements/reread-documents';
import type { RetriedLetter } from '@emcachers/db/statements/retry-dead-letters';

/** Types of the oplog's interface, `oplog.ts`. */

/** BSON timestamps are bigints: seconds in the high 32 bits, increment in the low 32. */
export interface StreamPosition {
  /** Raw BSON of the token document; null if the stream starts at an operation time. */
  readonly token: Uint8Array | null;
  /** The token's `_data` (hexadecimal), compared bytewise. Null if and only if `token` is null. */
  readonly tokenData: string | null;
  readonly clusterTime: bigint;
  /** Hash of the pipeline that produced the token. Null if and only if `token` is null. */
  readonly pipelineHash: string | null;
  /** Id of the replica set or sharded cluster that the position belongs to. If absent or null, the saved one is kept. */
  readonly sourceId?: string | null;
  /** Raw token of the newest change that the position covers. If absent or null, the saved one is kept. */
  readonly changeToken?: Uint8Array | null;
  /** Every change up to and including this time is in the oplog or in staging. If absent or null, the saved one is kept. */
  readonly passedTime?: bigint | null;
  /** `SavedPosition.version` under which the stream was opened. A save after a reset is refused. */
  readonly version: number;
}
export interface SavedPosition {
  readonly version: number;
  readonly status: 'scanning' | 'live';
  readonly position: StreamPosition | null;
  readonly savedAtMs: number | null;
}
export type AppendItem =
  | Operation
  | { readonly kind: 'Truncate'; readonly entityId: number }
  | { readonly kind: 'Rescan'; readonly entityId: number; readonly reason: string }
  | ({ readonly kind: 'Fail' } & EntityFailure);
/** Why an entity can no longer be followed; it stays `failed` until it is refreshed. */
export interface EntityFailure {
  readonly entityId: number;
  readonly errorCode: ErrorCode;
  readonly reason: string;
}
/** A document that could not be projected. It replaces an older dead letter of the same document. */
export interface DeadLetter {
  readonly entityId: number;
  readonly docId: string;
  readonly errorCode: string;
  readonly reason: string;
  /** The column whose policy refused the document; absent if it was refused for another reason. */
  readonly columnName?: string;
  readonly raw: Uint8Array | null;
  /** Raw `{ _id }`, to read the document again. */
  readonly documentKey: Uint8Array | null;
  /** How often it was refused since its last dead letter. */
  readonly attempts: number;
}
/** What the columns of an entity met, for operators. */
export interface EntityColumnCounts {
  readonly entityId: number;
  readonly counts: ColumnCounts;
}
export interface AppendBatch {
  readonly items: readonly AppendItem[];
  readonly deadLetters: readonly DeadLetter[];
  readonly columnCounts: readonly EntityColumnCounts[];
  readonly position: StreamPosition | null;
}
export interface AppendResult {
  readonly appended: number;
  readonly staged: number;
  readonly dropped: number;
  readonly rescans: readonly number[];
}
export interface ScanPage {
  readonly entityId: number;
  readonly runId: string;
  /** One for each document that was read inside of the filter; those outside of it are in `counts`. */
  readonly operations: readonly Operation[];
  readonly deadLetters: readonly DeadLetter[];
  readonly counts: ColumnCounts;
  readonly lastKey: Uint8Array | null;
}
/** Documents that had dead letters and were read again. */
export interface RetriedDocuments {
  readonly entityId: number;
  readonly letters: readonly RetriedLetter[];
  /** One operation for each letter: an Upsert, or a Delete if the document is gone or was refused again. */
  readonly operations: readonly Operation[];
  readonly deadLetters: readonly DeadLetter[];
  readonly counts: ColumnCounts;
}
/** How many letters were settled in each way. `superseded`: a scan began, which reads every document. */
export type RetryOutcome =
  | {
      readonly kind: 'ok';
      readonly copied: number;
      readonly gone: number;
      readonly refused: number;
      readonly changed: number;
    }
  | { readonly kind: 'superseded' };
/** Documents that were read again, some time after `start`. */
export interface RereadDocuments {
  readonly start: RereadStart;
  /** One for each document: an Upsert, or a Delete if the document is gone or cannot be projected. */
  readonly operations: readonly Operation[];
  readonly deadLetters: readonly DeadLetter[];
  readonly counts: ColumnCounts;
}
/**
 * `changed`: documents that have newer entries. `restarted`: a scan began, or the source was dropped or replaced, so the documents must be
 * read again. `superseded`: the entity's changes do not go to the oplog, and its next scan reads every document.
 */
export type RereadOutcome =
  | {
      readonly kind: 'ok';
      readonly written: number;
      readonly gone: number;
      readonly refused: number;
      readonly changed: number;
    }
  | { readonly kind: 'restarted' | 'superseded' };
export interface ScanRun {
  readonly entityId: number;
  readonly runId: string;
}
export interface FinishedScan {
  readonly endTime: bigint;
  /** Documents that the source held after the last page; null or absent if they were not counted. */
  readonly counted?: number | null;
}
export type ScanOutcome = 'ok' | 'superseded';
/** What the source says about documents that a scan did not find. */
export interface ScanProof {
  /** How many were looked up. */
  readonly lookedUp: number;
  /** Those that the source has. */
  readonly found: readonly string[];
  /** An operation time taken after the look-up. */
  readonly time: bigint;
}
/**
 * `waiting`: the saved position has not yet passed the scan's end time. `unproven`: the sweep is planned; look the sample up at the
 * source, call `proveScan`, and go on. `refused`: EMC-3004; the entity is `failed`.
 */
export type PromotionResult =
  | { readonly kind: 'moved' | 'done'; readonly promoted: number; readonly swept: number }
  | { readonly kind: 'waiting' | 'superseded' }
  | { readonly kind: 'unproven'; readonly sample: readonly string[] }
  | { readonly kind: 'refused' };

/** `head` is the stream's. If the page is not `full`, a reader of exactly these entities may move its offset to `head`: no entry lies between. */
export interface OplogPage {
  readonly historyId: string;
  /** The stream's newest term of leadership; null before the first leader. */
  readonly termId: string | null;
  /** Horizons of the requested entities, by id; only those above `afterId`. */
  readonly horizons: ReadonlyMap<number, number>;
  readonly head: number;
  /** Every change of the source up to and including this cluster time is in the oplog or in staging; null: unknown. */
  readonly passedTime: bigint | null;
  /** Those of the requested entities whose changes the oplog may lack, whatever `passedTime` says. */
  readonly gaps: ReadonlySet<number>;
  readonly entries: readonly OplogEntry[];
  readonly full: boolean;
}
