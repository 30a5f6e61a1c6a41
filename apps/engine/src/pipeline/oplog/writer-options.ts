import type { Database } from '@emcachers/db/database';

/** Dependencies of the oplog writer. */
export interface OplogWriterOptions {
  readonly database: Pick<Database, 'pool'>;
  /** The epoch of this leader's term. Every transaction checks that it is still the newest. */
  readonly epoch: number;
  /** Dead letters that are kept for an entity; see `putDeadLetters`. */
  readonly deadLettersMax?: number;
  /** Bytes of a partition per chunk of a sweep's planning; see `beginSweepPlan`. */
  readonly sweepChunkBytes?: number;
}
