import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Database, Statement } from 'better-sqlite3';
import type { Clock } from '../clock.ts';
import { MongoFailure } from '../error/mongo-failure.ts';

export interface CommitListeners {
  /** Inside the transaction, before it commits. */
  committing(): void;
  committed(): void;
  failed(): void;
}

/** Longest time that the writes of long commands stay uncommitted while nobody waits for them, milliseconds. */
const openMsMax = 100;

/** Longest time that a change which takes several turns keeps all clients waiting, milliseconds. */
const turnMsMax = 10;

/**
 * One SQLite transaction for all writes that arrive in the same turn of the event loop. The writes of a command that takes many
 * turns are committed every 100 ms, or earlier when another command waits for the commit.
 *
 * A commit flushes to disk; concurrent writers share one commit and are acknowledged together after it. No write may
 * be acknowledged, or shown to a change stream, before `settled` resolves. If the commit fails, all of its writes are
 * rolled back and every waiter gets the error; the owner then reloads its in-memory state.
 *
 * A change that must be seen whole or not at all, but takes longer than a turn, runs in `whole`. Meanwhile the group
 * does not commit, and whoever reads or writes data waits for `blocked`: the connection of SQLite shows what is not
 * committed.
 */
export class CommitGroup {
  readonly #database: Database;
  readonly #begin: Statement;
  readonly #commit: Statement;
  readonly #listeners: CommitListeners;
  readonly #clock: Clock;
  #openedMs = 0;
  #isAwaited = false;
  /** Counts the calls of `enter`. */
  #writes = 0;
  #open: { promise: Promise<void>; resolve(): void; reject(error: unknown): void } | null = null;

  #whole: { promise: Promise<void>; resolve(): void } | null = null;
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
    this.#writes += 1;
    if (this.#open !== null) return;
    this.#begin.run();
    const deferred = Promise.withResolvers<void>();
    deferred.promise.catch(() => undefined);
    this.#open = deferred;
    this.#openedMs = this.#clock.monotonicMs();
    this.#isAwaited = false;
    setImmediate(() => this.#commitIfDue(deferred));
  }

  /** Resolves when the change that others must not see half done is complete; null if there is none. */
  get blocked(): Promise<void> | null {
    return this.#whole?.promise ?? null;
  }

  /** Lets other clients take their turn. Resolves when no change is half done. */
  async nextTurn(): Promise<void> {
    await nextTurn();
    while (this.#whole !== null) await this.#whole.promise;
  }

  /**
   * Makes all steps of one change, giving way to other clients between them. If it fails after its first write, the whole
   * group is rolled back. Call it only while `blocked` is null.
   */
  async whole(steps: Iterable<void>): Promise<void> {
    const writesBefore = this.#writes;
    try {
      await this.#inTurns(steps);
    } catch (error) {
      if (this.#writes !== writesBefore) this.fail(error);
      throw error;
    } finally {
      this.#whole?.resolve();
      this.#whole = null;
    }
  }

  async #inTurns(steps: Iterable<void>): Promise<void> {
    const failuresBefore = this.#failures.count;
    let endMs = this.#clock.monotonicMs() + turnMsMax;
    for (const _ of steps) {
      if (this.#clock.monotonicMs() < endMs) continue;
      this.#whole ??= Promise.withResolvers<void>();
      await nextTurn();
      if (this.#failures.count !== failuresBefore) throw this.#failures.last;
      endMs = this.#clock.monotonicMs() + turnMsMax;
    }
  }

  #commitIfDue(group: unknown): void {
    if (this.#open !== group) return;
    const isDue = this.#isAwaited || this.#clock.monotonicMs() - this.#openedMs >= openMsMax;
    if (isDue && this.#whole === null) this.commit();
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

  /** Commits now. A change that is half done is rolled back instead, with the rest of the group. */
  commit(): void {
    const open = this.#open;
    if (open === null) return;
    if (this.#whole !== null) {
      this.fail(new MongoFailure('InterruptedDueToReplStateChange', 'operation was interrupted'));
      return;
    }
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
