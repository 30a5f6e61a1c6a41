/**
 * The shape of a committed change in the history, and the interface through which change streams read it.
 *
 * The history is the counterpart of mongod's oplog: every write stores its entry in the same SQLite transaction as
 * the document, so a change stream sees exactly the acknowledged changes in commit order (I2, I3).
 */

/** BSON Timestamp as the history orders by: seconds since 1970, then an increment within the second. */
export interface ClusterTime {
  readonly seconds: number;
  readonly increment: number;
}

export type HistoryKind =
  | 'insert'
  | 'update'
  | 'replace'
  | 'delete'
  | 'drop'
  | 'rename'
  | 'dropDatabase'
  | 'create'
  | 'createIndexes'
  | 'dropIndexes'
  | 'modify';

/** One committed change as stored; raw BSON documents keep their exact bytes. */
export interface HistoryEntry {
  /** Position in the history, strictly increasing, never reused. */
  readonly sequence: number;
  /** Not unique: the entries of one transaction, or of one vectored insert, share it. */
  readonly time: ClusterTime;
  /** Order among the entries that share `time`. */
  readonly ordinal: number;
  readonly wallTimeMs: number;
  readonly kind: HistoryKind;
  readonly database: string;
  /** Null for dropDatabase. */
  readonly collection: string | null;
  readonly collectionUuid: Uint8Array | null;
  /** Raw `{ _id }`. */
  readonly documentKey: Uint8Array | null;
  /** Raw full document for insert and replace. */
  readonly document: Uint8Array | null;
  /** Raw `{ updatedFields, removedFields, truncatedArrays, disambiguatedPaths }`. */
  readonly updateDescription: Uint8Array | null;
  /** Only for collections with changeStreamPreAndPostImages. */
  readonly preImage: Uint8Array | null;
  /** Only for collections with changeStreamPreAndPostImages. */
  readonly postImage: Uint8Array | null;
  /** Raw `{ id, uid }`; transactions only. */
  readonly lsid: Uint8Array | null;
  readonly txnNumber: bigint | null;
  /** Raw; shown with showExpandedEvents. */
  readonly operationDescription: Uint8Array | null;
  readonly renameTo: { readonly database: string; readonly collection: string } | null;
  /** For create. */
  readonly nsType: 'collection' | 'timeseries' | 'view' | null;
}

/** What a change stream reads; only committed entries are ever visible. */
export interface History {
  /** Entries with sequence > `after`, oldest first, at most `limit`. */
  read(after: number, limit: number): HistoryEntry[];
  /** The current cluster time. Without writes it advances every ten seconds, so that idle streams can report progress. */
  now(): ClusterTime;
  head(): { sequence: number; time: ClusterTime };
  /** Oldest time that everything after is retained of; resuming before it is 286 ChangeStreamHistoryLost. */
  oldest(): { sequence: number; time: ClusterTime };
  /** What is retained, and the size beyond which the oldest entries are pruned. */
  extent(): { readonly entries: number; readonly bytes: number; readonly bytesMax: number };
  /** The UUID of the server's present run, for its high-water marks. */
  readonly runId: Uint8Array;
  /** Whether a run of this history can have issued a high-water mark of that time. */
  hasIssued(runId: Uint8Array, time: ClusterTime): boolean;
  /** Sequence of the last entry with a time before the given one. */
  findByTime(time: ClusterTime): number;
  /** Resolves true when an entry after `sequence` exists, false on timeout or abort. */
  wait(sequence: number, timeoutMs: number, signal: AbortSignal): Promise<boolean>;
}
