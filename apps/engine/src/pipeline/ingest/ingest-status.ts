import type { ErrorCode } from '@emcachers/core/error-codes';
import type { ChannelFill } from '../channel/channel.ts';

/** Facts for `deriveStatus`. Times are the engine's wall clock in milliseconds; null means "not yet" or "unknown". */
export interface IngestStatus extends ChannelFill {
  /** Current state of the state machine; see `ingest-state.ts`. */
  readonly state: string;
  readonly streamOpen: boolean;
  /** When the newest change event arrived. */
  readonly lastChangeAtMs: number | null;
  /** When the server last replied on the stream, with or without changes. Shows that an idle stream is alive. */
  readonly lastReplyAtMs: number | null;
  readonly lastPositionSavedAtMs: number | null;
  /** Cluster time of the saved position, milliseconds since 1970, with a resolution of one second. */
  readonly savedClusterTimeMs: number | null;
  /** Change events of watched collections since the process started. */
  readonly changesTotal: number;
  /** Transactions that readers saw in parts, because they were above the bounds, since the process started. */
  readonly dividedTransactionsTotal: number;
  readonly lastError: { readonly code: ErrorCode; readonly message: string; readonly atMs: number } | null;
  readonly mongo: { readonly setName: string | null; readonly version: string } | null;
  /** The scans that are running, in the order in which they started. */
  readonly scans: readonly {
    readonly entityId: number;
    readonly scanned: number;
    readonly estimated: number | null;
    readonly ratePerSecond: number | null;
  }[];
}
