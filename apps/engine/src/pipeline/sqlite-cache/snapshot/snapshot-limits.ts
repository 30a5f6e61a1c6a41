/** What an operator may set about snapshots, and the defaults, which the settings show. */
export interface SnapshotLimits {
  /** Bytes that a snapshot copies, reads or writes per second, at most. */
  readonly bytesPerSecond: number;
  /** Snapshots of an entity that a node keeps. */
  readonly kept: number;
  /** Space on the disk that a snapshot leaves free, bytes. */
  readonly freeBytesMin: number;
  /** Where the node's snapshots are; null: `snapshots` in the data directory. */
  readonly directory: string | null;
  /** Where the node also looks for snapshots to start from; never written. */
  readonly startDirectory: string | null;
}

export const snapshotDefaults: SnapshotLimits = {
  bytesPerSecond: 100 * 1024 * 1024,
  kept: 2,
  freeBytesMin: 512 * 1024 * 1024,
  directory: null,
  startDirectory: null,
};
