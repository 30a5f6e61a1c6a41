/**
 * Contract of ingest: what the leader does. Follows the change stream into the oplog, scans what must be scanned, and
 * promotes what was scanned.
 *
 * Guarantees
 * - Durable before acknowledged (I2): positions are saved with the entries they cover, or alone when nothing is in flight.
 * - A start position is saved before the first scan read; an entity is promoted only after the stream has passed an
 *   operation time taken after the last page; a scan starts only while a stream that includes its source is open.
 * - The position is read from PostgreSQL at every start of the stream, never carried over in memory (I9).
 * - One entity's failure (its scan, its documents) stops neither the stream nor another entity's scan (I10).
 * - Nothing is written to MongoDB.
 *
 * Call order: become leader, then `run(signal)` once with an oplog writer bound to the epoch; `run` again after it settled.
 * Failures: `run` resolves when stopped and drained. It rejects with EMC-3002 when deposed, EMC-300x when PostgreSQL fails,
 * EMC-200x when MongoDB stays away longer than its bounded retries; the supervisor starts it again with back-off.
 * Not promised: exactly-once appends. After a crash a suffix of the stream comes again, in order (I4).
 */
import type { Activity } from '@emcachers/core/api-views';
import type { ErrorCode } from '@emcachers/core/error-codes';
import type { Service } from '../../runtime/service.ts';
import type { LastKey } from '../change-source/change-source-types.ts';
import type { RoutedEntity } from '../change-source/to-operation.ts';
import type { ChannelFill } from '../channel/channel.ts';

/** What ingest must know of an entity; read anew each time, never kept over a transaction. */
export interface IngestEntity extends RoutedEntity {
  readonly activity: Activity;
  readonly runId: string;
  /** Where the present scan goes on. */
  readonly scanLastKey: LastKey;
  /** The collection's UUID when the present scan began; null when there was no collection. */
  readonly scanCollectionUuid: string | null;
  readonly scanned: number;
  readonly estimated: number | null;
  /** Set while catching up: the operation time that the saved position must pass. */
  readonly scanEndTime: bigint | null;
}

export interface IngestEntities {
  /** All entities, in the order in which they are to be scanned. */
  list(): Promise<readonly IngestEntity[]>;
}

/** Facts for `deriveStatus`; times are the engine's wall clock in milliseconds, null is "not yet" or "unknown". */
export interface IngestStatus extends ChannelFill {
  /** Name of the state machine's present state, see `ingest-state.ts`. */
  readonly activity: string;
  readonly streamOpen: boolean;
  /** When the newest change event arrived. */
  readonly lastEventAtMs: number | null;
  /** When the server last answered on the stream, with or without changes: proof of life while idle. */
  readonly lastReplyAtMs: number | null;
  readonly lastPositionSavedAtMs: number | null;
  /** Cluster time of the saved position as milliseconds since 1970 (whole seconds at the source). */
  readonly savedClusterTimeMs: number | null;
  /** Change events of watched collections since the process started. */
  readonly changesTotal: number;
  readonly lastError: { readonly code: ErrorCode; readonly message: string; readonly atMs: number } | null;
  readonly mongo: { readonly setName: string | null; readonly version: string } | null;
  readonly scan: {
    readonly entityId: number;
    readonly scanned: number;
    readonly estimated: number | null;
    readonly ratePerSecond: number | null;
  } | null;
}

export interface Ingest extends Service {
  /** Hint that entities or jobs changed (a NOTIFY on `emcachers_control`): look now instead of at the next poll. */
  wake(): void;
  status(): IngestStatus;
}
