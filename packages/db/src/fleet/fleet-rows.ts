import type { CaptureReport } from '@emcachers/core/capture-report';
import type { IndexReport } from '@emcachers/core/index-report';
import type { EntityRecord } from '../control/entity-record.ts';

/**
 * The state of the fleet in PostgreSQL at one moment. Times are milliseconds of PostgreSQL's clock, and `nowMs` is that clock
 * at the time of reading, so ages do not depend on any host's clock (except *source* times, which are MongoDB's).
 */
export interface FleetRows {
  readonly nowMs: number;
  /** By id; at least the default one. */
  readonly streams: readonly StreamRow[];
  readonly entities: readonly EntityRecord[];
  /** By `entityId`, of every one of `entities`. */
  readonly extents: ReadonlyMap<number, OplogExtent>;
  readonly caches: readonly CacheRow[];
  readonly nodes: readonly NodeRow[];
  readonly activeJobs: number;
  /** A digest of the newest jobs; another one whenever one of them changes. */
  readonly jobsRevision: string;
  readonly incidents: IncidentCounts;
}

/** The open incidents. */
export interface IncidentCounts {
  readonly open: number;
  readonly unacknowledged: number;
  /** Another one whenever an incident is opened, acknowledged or closed. */
  readonly revision: string;
}

/** One stream: who leads it, and how far it is. */
export interface StreamRow {
  readonly streamId: number;
  readonly streamName: string;
  /** The newest committed oplog id of its entities. */
  readonly head: number;
  readonly leader: { readonly nodeId: string | null; readonly epoch: number };
  readonly position: { readonly savedAtMs: number | null; readonly sourceTimeMs: number | null };
  /** The leader's last report on its change stream; null before the first leader. */
  readonly capture: CaptureReport | null;
  /** The newest loss of its position; null if there was none. */
  readonly loss: PositionLossRecord | null;
}

/** A position whose history is gone. */
export interface PositionLossRecord {
  readonly lostAtMs: number;
  /** When every entity had been scanned again; null before that. */
  readonly mendedAtMs: number | null;
  readonly errorCode: string;
  readonly reason: string;
}

/** The extent of an entity in the oplog. */
export interface OplogExtent {
  /** When the last pause took effect, by its job; null if the entity is not paused, or the record of the job has expired. */
  readonly pausedSinceMs: number | null;
  /** Newest oplog id of the entity; null if it has no entries. */
  readonly head: number | null;
  /** Live operations in staging; null if no scan is running. */
  readonly staged: number | null;
  /** Its size and compaction, as the leader last measured them; null before that. */
  readonly compaction: CompactionRecord | null;
  /** Each code that a dead letter of the entity has. */
  readonly deadLetterCodes: readonly string[];
}

/** The size of an entity's oplog and what compaction has done to it. */
export interface CompactionRecord {
  readonly horizon: number;
  /** A lower bound if very many entries are not compacted. */
  readonly entries: number | null;
  /** On disk, with indexes. */
  readonly bytes: number | null;
  /** Entries removed since the entity was created. */
  readonly removed: number;
  readonly finishedAtMs: number | null;
  /** The node whose cache compaction waits for. */
  readonly heldBy: string | null;
}

/** One node's cache of one entity, as last reported. Null is unknown. */
export interface CacheRow {
  readonly nodeId: string;
  readonly entityId: number;
  readonly offset: number | null;
  readonly documents: number | null;
  readonly fileBytes: number | null;
  readonly generation: number | null;
  readonly state: 'building' | 'catching-up' | 'level' | 'paused' | 'failed';
  readonly appliedTotal: number;
  readonly lastAppliedAtMs: number | null;
  /** Source time of the newest applied change. */
  readonly sourceTimeMs: number | null;
  readonly errorCode: string | null;
  readonly error: string | null;
  readonly path: string | null;
  /** Of each index that was declared when the node reported. */
  readonly indexes: readonly IndexReport[];
  readonly reportedAtMs: number;
  /** Entries of the entity beyond the offset. */
  readonly lagEntries: number | null;
  /** When the oldest of them was appended; null if there are none. */
  readonly oldestWaitingAtMs: number | null;
  /** Rows that the newest verification of this file found wrong, at least 1 if only its count is; 0 if none are known. */
  readonly differences: number;
}

/** One node. Times are in milliseconds since 1970. */
export interface NodeRow {
  readonly nodeId: string;
  readonly roles: readonly string[];
  readonly startedAtMs: number;
  readonly heartbeatAtMs: number;
  /** When it signed off; null while it runs or is silent. */
  readonly leftAtMs: number | null;
}
