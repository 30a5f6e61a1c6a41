import type { Database } from '@emcachers/db/database';

/** What the leader's side of the oplog works with. */
export interface OplogWriterOptions {
  readonly database: Database;
  /** The epoch that was taken with the lead; every transaction proves that it is still the newest. */
  readonly epoch: number;
}
