import { MongoFailure } from '../error/mongo-failure.ts';
import type { LockOwner } from '../storage/lock-table.ts';
import { TransactionAccess, type TransactionAccessDependencies } from './transaction-access.ts';

export interface TransactionIdentity {
  /** Raw `{ id, uid }`, as the history shows it. */
  readonly lsid: Uint8Array;
  readonly txnNumber: bigint;
  /** `clock.monotonicMs()` of its start. */
  readonly startedMs: number;
}

/**
 * One multi-document transaction from its first statement to commit or abort (I5 for what it writes: all or nothing).
 * It exists only in memory: stopping the server aborts it.
 */
export class Transaction implements LockOwner {
  readonly identity: TransactionIdentity;
  readonly access: TransactionAccess;
  readonly ended: Promise<void>;
  readonly #finish: () => void;
  /** Number of its commands currently running; it does not expire while any run. */
  statements = 0;

  constructor(identity: TransactionIdentity, dependencies: Omit<TransactionAccessDependencies, 'owner' | 'over'>) {
    this.identity = identity;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#finish = resolve;
    this.access = new TransactionAccess({
      ...dependencies,
      owner: this,
      over: () => noSuchTransaction(identity.txnNumber),
    });
  }

  /** Applies all writes, one per step. Throws WriteConflict 112 before writing anything. */
  *commit(): Generator<void> {
    if (this.access.hasWrites) yield* this.access.apply(this.identity);
  }

  end(): void {
    this.access.release();
    this.#finish();
  }
}

/** NoSuchTransaction 251: the transaction was never started, or has been aborted. */
export function noSuchTransaction(txnNumber: bigint): MongoFailure {
  return new MongoFailure(
    'NoSuchTransaction',
    `Given transaction number ${txnNumber} does not match any in-progress transactions.`,
  );
}
