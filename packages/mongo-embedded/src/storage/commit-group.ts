import type { Database } from 'better-sqlite3';

export interface CommitListeners {
  /** Inside the transaction, before it commits. */
  committing(): void;
  committed(): void;
  failed(): void;
}

/**
 * One SQLite transaction for all writes that arrive in the same turn of the event loop.
 *
 * A commit flushes to disk; concurrent writers share one commit and are acknowledged together after it. No write may
 * be acknowledged, or shown to a change stream, before `settled` resolves. If the commit fails, all of its writes are
 * rolled back and every waiter gets the error; the owner then reloads its in-memory state.
 */
export class CommitGroup {
  readonly #database: Database;
  readonly #listeners: CommitListeners;
  #open: { promise: Promise<void>; resolve(): void; reject(error: unknown): void } | null = null;

  #guard: (() => void) | null = null;
  #failures: { readonly count: number; readonly last: unknown } = { count: 0, last: null };

  constructor(database: Database, listeners: CommitListeners) {
    this.#database = database;
    this.#listeners = listeners;
  }

  /** Call before every write. The transaction commits after the event-loop events that are already queued. */
  enter(): void {
    this.#guard?.();
    if (this.#open !== null) return;
    this.#database.exec('BEGIN IMMEDIATE');
    const deferred = Promise.withResolvers<void>();
    deferred.promise.catch(() => undefined);
    this.#open = deferred;
    setImmediate(() => this.commit());
  }

  /** Calls this before every write; it throws if the write is not allowed. */
  guardWith(guard: () => void): void {
    this.#guard = guard;
  }

  /** How many groups have failed, and why the last one did: a command that spans several groups must not miss it. */
  get failures(): { readonly count: number; readonly last: unknown } {
    return this.#failures;
  }

  /** Resolves when everything written so far is durable; null if nothing is pending. */
  get settled(): Promise<void> | null {
    return this.#open?.promise ?? null;
  }

  commit(): void {
    const open = this.#open;
    if (open === null) return;
    try {
      this.#listeners.committing();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#open = null;
    this.#listeners.committed();
    open.resolve();
  }

  /** Rolls back the whole group after a write failed half-way (full disk, damaged file). */
  fail(error: unknown): void {
    const open = this.#open;
    if (open === null) return;
    this.#open = null;
    this.#failures = { count: this.#failures.count + 1, last: error };
    if (this.#database.inTransaction) this.#database.exec('ROLLBACK');
    this.#listeners.failed();
    open.reject(error);
  }
}
