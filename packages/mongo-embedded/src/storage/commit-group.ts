import type { Database, Statement } from 'better-sqlite3';
import type { Clock } from '../clock.ts';

export interface CommitListeners {
  /** Inside the transaction, before it commits. */
  committing(): void;
  committed(): void;
  failed(): void;
}

/** Longest time that the writes of long commands stay uncommitted while nobody waits for them, milliseconds. */
const openMsMax = 100;

/**
 * One SQLite transaction for all writes that arrive in the same turn of the event loop. The writes of a command that takes many
 * turns are committed every 100 ms, or earlier when another command waits for the commit.
 *
 * A commit flushes to disk; concurrent writers share one commit and are acknowledged together after it. No write may
 * be acknowledged, or shown to a change stream, before `settled` resolves. If the commit fails, all of its writes are
 * rolled back and every waiter gets the error; the owner then reloads its in-memory state.
 */
export class CommitGroup {
  readonly #database: Database;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #listeners: CommitListeners;
  readonly #clock: Clock;
  #openedMs = 0;
  #isAwaited = false;
  #open: { promise: Promise<void>; resolve(): void; reject(error: unknown): void } | null = null;

  #guard: (() => void) | null = null;
  #failures: { readonly count: number; readonly last: unknown } = { count: 0, last: null };

  constructor(database: Database, clock: Clock, listeners: CommitListeners) {
    this.#database = database;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#listeners = listeners;
    this.#clock = clock;
  }

  /** Call before every write. The transaction commits after the event-loop events that are already queued, if awaited. */
  enter(): void {
    this.#guard?.();
    if (this.#open !== null) return;
    this.#begin.run();
    const deferred = Promise.withResolvers<void>();
    deferred.promise.catch(() => undefined);
    this.#open = deferred;
    this.#openedMs = this.#clock.monotonicMs();
    this.#isAwaited = false;
    setImmediate(() => this.#commitIfDue(deferred));
  }

  #commitIfDue(group: unknown): void {
    if (this.#open !== group) return;
    const isDue = this.#isAwaited || this.#clock.monotonicMs() - this.#openedMs >= openMsMax;
    if (isDue) this.commit();
    else setImmediate(() => this.#commitIfDue(group));
  }

  /** Whether something written is not committed. */
  get isOpen(): boolean {
    return this.#open !== null;
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
    this.#isAwaited = true;
    return this.#open?.promise ?? null;
  }

  commit(): void {
    const open = this.#open;
    if (open === null) return;
    try {
      this.#listeners.committing();
      this.#commit.run();
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
