/** Limits of the connections to PostgreSQL. Durations are in milliseconds. */
export interface DatabaseLimits {
  /** Maximum connections in each of the three pools, and in the leader's. By default: appending, promoting, scanning, and spares. */
  readonly connectionsMax: number;
  /** Maximum time for one statement. By default 5 minutes: a sweep reads a whole partition. */
  readonly statementMsMax: number;
  /** Maximum wait for a page of the oplog: while it waits, the caches stand still. */
  readonly pageMsMax: number;
  /** Maximum wait for a connection. */
  readonly connectMsMax: number;
  /** A transaction whose process is frozen keeps its locks no longer than this. A long pause of the event loop must fit. */
  readonly idleTransactionMsMax: number;
}

/** How long a prompt statement may stay without an answer, milliseconds. */
export const promptMsMax = 30_000;

export const databaseDefaults: DatabaseLimits = {
  connectionsMax: 6,
  statementMsMax: 300_000,
  pageMsMax: promptMsMax,
  connectMsMax: 10_000,
  idleTransactionMsMax: 10_000,
};
