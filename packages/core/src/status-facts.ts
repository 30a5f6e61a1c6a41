import type { Activity } from './api-views.ts';

/**
 * What is known, from which `deriveStatus` decides what is so (I12). Ages are milliseconds between a report and "now" of
 * the clock that stamped the report (PostgreSQL's for rows of PostgreSQL), so clocks of several hosts are never mixed.
 * Null is "not known", never a guess.
 */
export interface StatusFacts {
  readonly postgres: {
    readonly reachable: boolean;
    /** Age of what the picture is made of; 0 when it was read just now. */
    readonly readAgeMs: number | null;
  };
  readonly capture: CaptureFacts;
  readonly nodes: readonly NodeFacts[];
  readonly entities: readonly EntityFacts[];
}

/** From MongoDB to the oplog. */
export interface CaptureFacts {
  readonly leaderNodeId: string | null;
  /** Age of the leader's newest report; null where no leader ever reported. */
  readonly leaderReportAgeMs: number | null;
  /** Age of MongoDB's newest answer on the change stream, with changes or without: it moves while the source is idle. */
  readonly replyAgeMs: number | null;
  readonly streamOpen: boolean;
  /** Why the stream is not being read, in one sentence. */
  readonly error: string | null;
}

export interface NodeFacts {
  readonly nodeId: string;
  readonly reportAgeMs: number;
  readonly isReplicating: boolean;
}

export interface EntityFacts {
  readonly entityName: string;
  readonly activity: Activity;
  /** Why it is `failed`, from the entity's row. */
  readonly reason: string | null;
  readonly head: number | null;
  readonly deadLetters: number;
  /** Age of the last page that the scan committed; null when no scan runs or none was read yet. */
  readonly scanProgressAgeMs: number | null;
  readonly caches: readonly CacheFacts[];
}

/** One node's cache of one entity. */
export interface CacheFacts {
  readonly nodeId: string;
  /** Age of the node's newest report. */
  readonly reportAgeMs: number;
  readonly state: 'building' | 'catching-up' | 'level' | 'paused' | 'failed';
  readonly lagEntries: number | null;
  /** Age of the oldest entry that is not applied; 0 when level. */
  readonly lagMs: number | null;
  /** Since when the offset has stood still; 0 while it moves. */
  readonly standstillMs: number;
  readonly error: string | null;
}

/** Limits of patience, milliseconds. */
export const patience = {
  /** Nodes report every 2 s; a report older than this is late and proves nothing any more. */
  reportAgeMsMax: 10_000,
  /** An idle stream answers every few seconds. */
  replyAgeMsMax: 30_000,
  /** With entries waiting, a cache that stands still this long is stalled although its loop may be alive. */
  standstillMsMax: 30_000,
  /** A scan that commits no page for this long is stalled. */
  scanProgressAgeMsMax: 60_000,
  /** A live cache further behind than this is not fresh. */
  freshLagMsMax: 30_000,
} as const;
