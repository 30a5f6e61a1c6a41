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
 * It lives in memory only: a server that stops has aborted it.
 */
export class Transaction implements LockOwner {
  readonly identity: TransactionIdentity;
  readonly access: TransactionAccess;
  readonly ended: Promise<void>;
  readonly #finish: () => void;
  /** Commands of the transaction that are being run; it does not expire under them. */
  statements = 0;

  constructor(identity: TransactionIdentity, dependencies: Omit<TransactionAccessDependencies, 'owner'>) {
    this.identity = identity;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.#finish = resolve;
    this.access = new TransactionAccess({ ...dependencies, owner: this });
  }

  /** Writes everything down. Throws WriteConflict 112 before anything was written. */
  commit(): void {
    if (this.access.hasWrites) this.access.apply(this.identity);
  }

  end(): void {
    this.access.release();
    this.#finish();
  }
}
