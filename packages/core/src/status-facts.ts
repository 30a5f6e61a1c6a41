import type { EntityView } from './api-views.ts';
import type { HeadroomFacts } from './oplog-headroom.ts';

/**
 * The input of `deriveStatus` (I12). An age is in milliseconds and measured with the clock that stamped the report
 * (PostgreSQL's for rows in PostgreSQL), so clocks of different hosts are never compared. Null means unknown.
 */
export interface StatusFacts {
  readonly postgres: {
    readonly reachable: boolean;
    /** Age of the data that these facts were read from; 0 if it was read just now. */
    readonly readAgeMs: number | null;
  };
  /** By stream. */
  readonly captures: ReadonlyMap<string, CaptureFacts>;
  readonly headroom: HeadroomFacts;
  readonly nodes: readonly NodeFacts[];
  readonly entities: readonly (Pick<EntityView, 'entityName' | 'activity' | 'deadLetters' | 'stream'> & {
    /** The reason stored in PostgreSQL for `failed`, and its code. */
    readonly reason: string | null;
    readonly errorCode: string | null;
    /** How long the entity has been in its stage, milliseconds. */
    readonly stageAgeMs: number;
    /** Each code that a dead letter of the entity has. */
    readonly deadLetterCodes: readonly string[];
    /** Age of the last page that the scan committed; null when no scan runs or none was read yet. */
    readonly scanProgressAgeMs: number | null;
    /** What an operator should check although it is no fault. Warnings never change health. */
    readonly warnings: readonly string[];
    readonly caches: readonly CacheFacts[];
  })[];
}

/** From MongoDB to the oplog, in one stream. */
export interface CaptureFacts {
  readonly leaderNodeId: string | null;
  /** Age of the leader's newest report; null if no leader has ever reported. */
  readonly leaderReportAgeMs: number | null;
  /** Age of MongoDB's newest reply on the change stream. Replies arrive even while the source is idle. */
  readonly replyAgeMs: number | null;
  readonly streamOpen: boolean;
  /** Why the stream is not being read, in one sentence, and its code. */
  readonly error: string | null;
  readonly errorCode: string | null;
  /** The newest loss of the stream's position that is not mended, or was a moment ago; null if there is none. */
  readonly loss: LossFacts | null;
}

/** The history after the saved position is gone, so every entity of the stream is scanned again. */
export interface LossFacts {
  readonly errorCode: string;
  readonly reason: string;
  readonly ageMs: number;
}

/** The facts about one node. Ages are in milliseconds. */
export interface NodeFacts {
  readonly nodeId: string;
  readonly reportAgeMs: number;
}

/** One node's cache of one entity. */
export interface CacheFacts {
  readonly nodeId: string;
  /** Age of the node's newest report. */
  readonly reportAgeMs: number;
  readonly state: 'building' | 'catching-up' | 'level' | 'paused' | 'failed';
  readonly lagEntries: number | null;
  /** Age of the oldest entry not yet applied; 0 when level. */
  readonly lagMs: number | null;
  /** How long the offset has not moved, milliseconds; 0 while it moves. */
  readonly standstillMs: number;
  /** Rows that a verification found wrong and nobody has repaired. */
  readonly differences: number;
  readonly error: string | null;
  readonly errorCode: string | null;
}

/** Thresholds, milliseconds. */
export const thresholds = {
  /** A repair writes at most this many rows of a cache again; beyond it the cache has to be built again (EMC-4006). */
  repairRowsMax: 20_000,
  /** Nodes report every 2 s. A report older than this is late and is no longer trusted. */
  reportAgeMsMax: 10_000,
  /** A stream whose newest answer is younger is up to date: the stream answers twice a second, and the leader reports every 2 s. */
  answerAgeMsMax: 5_000,
  /** MongoDB replies on an idle stream every few seconds. */
  replyAgeMsMax: 30_000,
  /** A cache with entries to apply whose offset has not moved for this long is stalled. */
  standstillMsMax: 30_000,
  /** A scan that commits no page for this long is stalled. */
  scanProgressAgeMsMax: 60_000,
  /** A lost position is named for this long after the scans have mended it, so that no reading of the fleet misses it. */
  lossToldMs: 10_000,
  /** A live cache with more lag than this is not fresh. */
  freshLagMsMax: 30_000,
} as const;
