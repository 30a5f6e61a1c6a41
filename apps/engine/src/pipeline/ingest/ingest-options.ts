/** What an operator may set about ingest, and the defaults, which the settings show. */
import type { ChannelOptions } from '../channel/bounded-channel.ts';
import type { UnitOptions } from './change-units.ts';

export interface ScanOptions {
  /** Documents per scan page. */
  readonly pageDocumentsMax: number;
  /** Bytes of encoded rows per transaction of a scan. */
  readonly pageBytesMax: number;
  /** First scans, and refreshes, that read at the same time; the others wait for a turn. Each holds at most two pages. */
  readonly scansMax: number;
  /** Documents that all scans together read per second; 0 for no limit. */
  readonly scanDocumentsPerSecond: number;
  /** Server errors in one run after which the entity is set to `failed` instead of being retried. */
  readonly serverErrorsMax: number;
}

export interface IngestOptions
  extends ScanOptions,
    Pick<UnitOptions, 'transactionOperationsMax' | 'transactionBytesMax'> {
  /** Longest wait between two checks of the entities without a hint, milliseconds. */
  readonly pollMs: number;
  /** Interval between two checks that the sources are still those that the entities copy, milliseconds. */
  readonly sourceCheckMs: number;
  /** How long requests to follow other collections are collected before the stream is reopened, milliseconds. */
  readonly reopenWindowMs: number;
  /** Shortest interval between two saves of an idle position, milliseconds. */
  readonly idleSaveMs: number;
  /** Upper bound of the delay before MongoDB is tried again, milliseconds. */
  readonly retryDelayMsMax: number;
  /** Largest encoded row, bytes; a document with a larger one becomes a dead letter. */
  readonly rowBytesMax: number;
  /** Of the columns that are masked by a hash; null if none is set. */
  readonly maskKey: Uint8Array | null;
  /** Documents with more bytes are projected in a thread. */
  readonly largeDocumentBytes: number;
  /** Staged rows or deletions per promotion transaction. */
  readonly promotionRowsMax: number;
  readonly channel: Partial<ChannelOptions>;
}

/** Limits of documents and transactions, whose defaults are with what they limit (`ingest-loop.ts`). */
export type DocumentLimits = Pick<
  IngestOptions,
  'rowBytesMax' | 'largeDocumentBytes' | 'transactionOperationsMax' | 'transactionBytesMax'
>;

export const ingestDefaults: Omit<IngestOptions, keyof DocumentLimits> = {
  pollMs: 1000,
  sourceCheckMs: 30_000,
  reopenWindowMs: 50,
  idleSaveMs: 50,
  retryDelayMsMax: 10_000,
  pageDocumentsMax: 2000,
  pageBytesMax: 4 * 1024 * 1024,
  scansMax: 4,
  scanDocumentsPerSecond: 0,
  serverErrorsMax: 3,
  maskKey: null,
  promotionRowsMax: 10_000,
  channel: {},
};
