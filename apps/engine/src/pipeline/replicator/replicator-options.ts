/** What an operator may set about the replicator, and the defaults, which the settings show. */
export interface ReplicatorOptions {
  /** How often the oplog is polled without a wake-up, milliseconds. */
  readonly pollMs: number;
  /** How often offsets are reported when they have changed, milliseconds. */
  readonly reportMs: number;
  /** How often files are checked and maintained, milliseconds. */
  readonly tendMs: number;
  /** Page limits for level caches, sized for transactions of about 50 ms. */
  readonly followRowsMax: number;
  readonly followBytesMax: number;
  /** Page limits for a cache that is catching up. */
  readonly catchUpRowsMax: number;
  readonly catchUpBytesMax: number;
  /** Number of caches that catch up at once. */
  readonly catchUpMax: number;
  /** Rows that a verification compares per second, at most. */
  readonly verifyRowsPerSecondMax: number;
  /** How often this node looks for requests to verify, or for snapshots, without a wake-up, milliseconds. */
  readonly verifyPollMs: number;
  /** Shortest pause between two rounds that write the source time into files without new rows, milliseconds. */
  readonly sourceTimePauseMsMin: number;
}

export const replicatorDefaults: ReplicatorOptions = {
  pollMs: 500,
  reportMs: 1_000,
  tendMs: 1_000,
  followRowsMax: 4_000,
  followBytesMax: 4 * 1024 * 1024,
  catchUpRowsMax: 20_000,
  catchUpBytesMax: 8 * 1024 * 1024,
  catchUpMax: 2,
  verifyRowsPerSecondMax: 20_000,
  verifyPollMs: 5_000,
  sourceTimePauseMsMin: 50,
};
