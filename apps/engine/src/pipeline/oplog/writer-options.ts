import type { Database } from '@emcachers/db/database';

/** What one sweep may delete without an operator's word. A sweep above both limits is refused (EMC-3004). */
export interface SweepCap {
  /** Share of the documents that the caches hold, from 0 to 1. */
  readonly share: number;
  readonly documents: number;
}

export const sweepCapDefault: SweepCap = { share: 0.2, documents: 1_000 };

/** Dependencies of the oplog writer. */
export interface OplogWriterOptions {
  readonly database: Pick<Database, 'pool'>;
  /** The epoch of this leader's term. Every transaction checks that it is still the newest. */
  readonly epoch: number;
  /** Dead letters that are kept for an entity; see `putDeadLetters`. */
  readonly deadLettersMax?: number;
  /** Bytes of a partition per chunk of a sweep's planning; see `beginSweepPlan`. */
  readonly sweepChunkBytes?: number;
  readonly sweepCap?: SweepCap;
}
