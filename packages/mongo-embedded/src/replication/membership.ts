import type { MongoFailure } from '../error/mongo-failure.ts';
import type { ClusterTime } from '../history/history-entry.ts';
import type { DocumentAccess } from '../storage/document-access.ts';

/** `recovering`: the member has restarted and has not yet caught up with a primary. */
export type Role = 'primary' | 'secondary' | 'recovering';

/** How many members must have a write before it is acknowledged, and how long the client waits for them. */
export interface Acknowledgement {
  readonly nodes: number | 'majority';
  /** Null: no limit. */
  readonly timeoutMs: number | null;
}

/** What `replSetGetStatus` and `hello` report of one member. */
export interface MemberStatus {
  readonly id: number;
  readonly address: string;
  readonly role: Role | 'down';
}

/** A member's place in its replica set, as its commands see it. */
export interface Membership {
  readonly address: string;
  readonly role: Role;
  /** The primary that this member knows; null if none. */
  readonly primary: string | null;
  /** The term of the newest primary that this member knows. */
  readonly term: number;
  /** Counts the changes of everything above; part of `topologyVersion`. */
  readonly topologyCounter: number;
  readonly members: readonly MemberStatus[];
  /** Documents as a majority has them. */
  readonly majorityView: DocumentAccess;
  /** The time of the newest write that this member has. */
  readonly appliedTime: ClusterTime;
  /** The time up to which this member's reads have seen every write. */
  readonly readTime: ClusterTime;
  /** The time of the newest write that a majority has. */
  readonly majorityTime: ClusterTime;
  /** Resolves when `topologyCounter` is not `counter` any more, on time-out or abort. */
  topologyChange(counter: number, timeoutMs: number, signal: AbortSignal): Promise<void>;
  /** Waits until enough members have everything written so far. Returns null, or the reply's `writeConcernError`. */
  acknowledged(wanted: Acknowledgement, signal: AbortSignal): Promise<MongoFailure | null>;
  /** Waits until the member, or a majority, has reached the time. False on time-out (null: none) or abort. */
  reached(
    time: ClusterTime,
    limit: { isMajority: boolean; timeoutMs: number | null; signal: AbortSignal },
  ): Promise<boolean>;
  /** `replSetStepDown`. Throws 10107 if the member is not primary, 262 if no secondary can take over and `isForced` is false. */
  stepDown(frozenMs: number, isForced: boolean): void;
}
