import { createHash } from 'node:crypto';
import { bsonTypes } from '@emcachers/bson/bson-types';
import type { Database, Statement } from 'better-sqlite3';
import { BsonWriter } from '../bson/bson-writer.ts';
import { findElement } from '../bson/raw-element.ts';
import type { Clock } from '../clock.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { LockTable } from '../storage/lock-table.ts';
import type { Store } from '../storage/store.ts';
import { StatementLog } from './statement-log.ts';
import { noSuchTransaction, Transaction } from './transaction.ts';

/** The state of a session's newest txnNumber. */
type Outcome =
  | { readonly kind: 'none' }
  | { readonly kind: 'retryable'; readonly statements: StatementLog }
  | { readonly kind: 'open'; readonly transaction: Transaction }
  | { readonly kind: 'committed'; readonly statements: StatementLog }
  | { readonly kind: 'aborted' };

interface Session {
  readonly lsid: Buffer;
  txnNumber: bigint;
  outcome: Outcome;
  usedMs: number;
  /** Full parts of the outcome's statements that are saved. */
  savedParts: number;
  /** Parts of an earlier txnNumber may be in the file. */
  hasStaleParts: boolean;
  /** Is forgotten once it is saved. */
  isEnded: boolean;
}

/** One retryable write as its command sees it. */
export interface RetryableWrite {
  /** The raw result of the statement if it was applied before, else null. */
  find(statementId: number): Buffer | null;
  /** Stores the raw result, or null if there is none. Call synchronously with the write. */
  record(statementId: number, result: Buffer | null): void;
}

export interface SessionTableDependencies {
  readonly store: Store;
  readonly locks: LockTable;
  readonly clock: Clock;
}

/** The user digest that mongod adds to every lsid: that of an empty user name, since there are no logins. */
const userDigest = createHash('sha256').digest();

/** Maximum number of sessions, like mongod's `maxSessions`. */
const sessionsMax = 1_000_000;

/** Raw `{ id, uid }` of a session's sixteen bytes. */
export function ownedLsid(id: Uint8Array): Buffer {
  return new BsonWriter(96).binary('id', id, 4).binary('uid', userDigest, 0).finish();
}

/** The sixteen bytes of a client's lsid as a Map key. Throws if it is not a UUID. */
export function sessionKey(lsid: Uint8Array): string {
  const id = findElement(lsid, 'id');
  if (id?.type !== bsonTypes.binary || id.bytes[4] !== 4 || id.bytes.length !== 21) {
    throw new MongoFailure('InvalidUUID', 'lsid.id must be a UUID');
  }
  return id.bytes.toString('latin1', 5);
}

/**
 * Logical sessions and the newest retryable write or transaction of each.
 *
 * The result of each statement of a retryable write is stored in the SQLite transaction of the write, so a txnNumber
 * is applied once even if the server is killed in between (I4). Open transactions exist only in memory; the outcome
 * is stored on commit, so that a repeated commit gets the same reply.
 */
export class SessionTable {
  readonly #dependencies: SessionTableDependencies;
  readonly #sessions = new Map<string, Session>();
  readonly #load: Statement<unknown[], [number | bigint, string, Buffer | null]>;
  readonly #save: Statement;
  readonly #loadParts: Statement<unknown[], Buffer>;
  readonly #savePart: Statement;
  readonly #forgetParts: Statement;
  /** Sessions whose state is saved with the next commit. */
  readonly #unsaved = new Set<Session>();
  #committedTransactions = 0;
  #abortedTransactions = 0;

  constructor(dependencies: SessionTableDependencies) {
    this.#dependencies = dependencies;
    const database: Database = dependencies.store.sqlite;
    this.#load = database.prepare<unknown[], [bigint, string, Buffer | null]>(
      'SELECT txn_number, kind, reply FROM session WHERE lsid = ?',
    );
    this.#load.raw().safeIntegers();
    this.#loadParts = database
      .prepare<unknown[], Buffer>('SELECT statements FROM session_part WHERE lsid = ? ORDER BY part')
      .pluck();
    this.#savePart = database.prepare('INSERT INTO session_part(lsid, part, statements) VALUES (?, ?, ?)');
    this.#forgetParts = database.prepare('DELETE FROM session_part WHERE lsid = ?');
    dependencies.store.join({ committing: () => this.#saveAll(), failed: () => this.#forgetUnsaved() });
    this.#save = database.prepare(
      // The row is changed where it is: OR REPLACE would delete it first.
      `INSERT INTO session(lsid, txn_number, kind, reply, used_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT(lsid) DO UPDATE
        SET txn_number = excluded.txn_number, kind = excluded.kind, reply = excluded.reply, used_ms = excluded.used_ms`,
    );
  }

  get counts(): { open: number; committed: number; aborted: number; sessions: number } {
    const open = this.openTransactions().length;
    return {
      open,
      committed: this.#committedTransactions,
      aborted: this.#abortedTransactions,
      sessions: this.#sessions.size,
    };
  }

  /** The sixteen bytes of every session that is known. */
  ids(): Buffer[] {
    return [...this.#sessions.values()].map(({ lsid }) => lsid);
  }

  openTransactions(): Transaction[] {
    return [...this.#sessions.values()].flatMap(({ outcome }) =>
      outcome.kind === 'open' ? [outcome.transaction] : [],
    );
  }

  /** Notes that the session was used, making it if it is new. */
  touch(lsid: Uint8Array): void {
    this.#session(lsid);
  }

  /** The retryable write of that number, with the statements already applied; empty for a new number. */
  retryableWrite(lsid: Uint8Array, txnNumber: bigint): RetryableWrite {
    const session = this.#session(lsid);
    checkNotOlder(session, txnNumber);
    const { outcome } = session;
    if (txnNumber === session.txnNumber && outcome.kind !== 'none' && outcome.kind !== 'retryable') {
      throw new MongoFailure(
        'IncompleteTransactionHistory',
        `Retryable write with txnNumber ${txnNumber} is used by a transaction`,
      );
    }
    const statements =
      txnNumber === session.txnNumber && outcome.kind === 'retryable' ? outcome.statements : new StatementLog();
    if (txnNumber > session.txnNumber) this.#abortOpen(session);
    begin(session, txnNumber);
    session.outcome = { kind: 'retryable', statements };
    const { operations } = this.#dependencies.store.history;
    return {
      find: (statementId) => {
        const result = statements.find(statementId);
        if (result !== null) operations.note(statements.time);
        return result;
      },
      record: (statementId, result) => {
        statements.add(statementId, result);
        statements.time = operations.last ?? statements.time;
        this.#unsaved.add(session);
      },
    };
  }

  startTransaction(lsid: Uint8Array, txnNumber: bigint): Transaction {
    const session = this.#session(lsid);
    checkNotOlder(session, txnNumber);
    if (txnNumber === session.txnNumber && session.outcome.kind !== 'none') {
      throw new MongoFailure(
        'ConflictingOperationInProgress',
        `Only servers in a sharded cluster can start a new transaction at the active transaction number ${txnNumber}`,
      );
    }
    this.#abortOpen(session);
    const { store, locks, clock } = this.#dependencies;
    const identity = {
      lsid: ownedLsid(Buffer.from(sessionKey(lsid), 'latin1')),
      txnNumber,
      startedMs: clock.monotonicMs(),
    };
    const transaction = new Transaction(identity, { store, locks });
    begin(session, txnNumber);
    session.outcome = { kind: 'open', transaction };
    return transaction;
  }

  /** The open transaction of that number. Throws NoSuchTransaction 251, TransactionCommitted 256, TransactionTooOld 225. */
  continueTransaction(lsid: Uint8Array, txnNumber: bigint): Transaction {
    const session = this.#session(lsid);
    checkNotOlder(session, txnNumber);
    const { outcome } = session;
    if (txnNumber > session.txnNumber) throw noSuchTransaction(txnNumber);
    if (outcome.kind === 'open') return outcome.transaction;
    if (outcome.kind === 'committed') {
      throw new MongoFailure(
        'TransactionCommitted',
        `Transaction with { txnNumber: ${txnNumber} } has been committed.`,
      );
    }
    throw noSuchTransaction(txnNumber);
  }

  /** Commits, in several turns if need be; a repeated commit of the same transaction does nothing. */
  async commit(lsid: Uint8Array, txnNumber: bigint): Promise<void> {
    const session = this.#session(lsid);
    const { group, history } = this.#dependencies.store;
    if (txnNumber === session.txnNumber && session.outcome.kind === 'committed') {
      history.operations.note(session.outcome.statements.time);
      return;
    }
    const transaction = this.continueTransaction(lsid, txnNumber);
    try {
      await group.whole(this.#commitSteps(session, transaction));
    } catch (error) {
      this.#abortOpen(session);
      throw error;
    }
  }

  *#commitSteps(session: Session, transaction: Transaction): Generator<void> {
    const { group, history } = this.#dependencies.store;
    yield* transaction.commit();
    group.enter();
    transaction.end();
    const statements = new StatementLog();
    statements.time = history.operations.last;
    session.outcome = { kind: 'committed', statements };
    this.#committedTransactions += 1;
    this.#unsaved.add(session);
  }

  abort(lsid: Uint8Array, txnNumber: bigint): void {
    this.continueTransaction(lsid, txnNumber);
    this.#abortOpen(this.#session(lsid));
  }

  /** Aborts transactions that have been open too long and drops unused sessions. */
  expire(limits: { readonly transactionMsMax: number; readonly sessionMsMax: number }): void {
    const nowMs = this.#dependencies.clock.monotonicMs();
    for (const [key, session] of this.#sessions) {
      if (session.outcome.kind === 'open') this.#expireTransaction(session, nowMs - limits.transactionMsMax);
      else if (session.usedMs + limits.sessionMsMax <= nowMs) this.#sessions.delete(key);
    }
  }

  #expireTransaction(session: Session, startedMsMax: number): void {
    if (session.outcome.kind !== 'open') return;
    const { identity, statements } = session.outcome.transaction;
    if (identity.startedMs <= startedMsMax && statements === 0) this.#abortOpen(session);
  }

  /** Deletes the stored state of sessions that have not been used for that long. */
  forgetStored(sessionMsMax: number): void {
    const { clock, store } = this.#dependencies;
    store.group.enter();
    store.sqlite.prepare('DELETE FROM session WHERE used_ms < ?').run(clock.nowMs() - sessionMsMax);
    store.sqlite.prepare('DELETE FROM session_part WHERE lsid NOT IN (SELECT lsid FROM session)').run();
  }

  /**
   * Aborts what the session has open, as `killSessions` and `endSessions` do, and forgets what is in the file: the results of a
   * large bulk would take memory until the session expires.
   */
  kill(key: string): void {
    const session = this.#sessions.get(key);
    if (session === undefined) return;
    this.#abortOpen(session);
    if (this.#unsaved.has(session)) session.isEnded = true;
    else this.#sessions.delete(key);
  }

  /** Forgets what a commit of another member may have changed in the file. */
  forgetIdle(): void {
    for (const [key, { outcome }] of this.#sessions) if (outcome.kind !== 'open') this.#sessions.delete(key);
  }

  /** Aborts every open transaction. */
  abortAll(): void {
    for (const session of this.#sessions.values()) this.#abortOpen(session);
  }

  /** Ends every session. */
  killAll(): void {
    for (const key of [...this.#sessions.keys()]) this.kill(key);
  }

  #session(lsid: Uint8Array): Session {
    const key = sessionKey(lsid);
    const nowMs = this.#dependencies.clock.monotonicMs();
    const known = this.#sessions.get(key);
    if (known !== undefined) {
      known.usedMs = nowMs;
      known.isEnded = false;
      return known;
    }
    if (this.#sessions.size >= sessionsMax)
      throw new MongoFailure(
        'TooManyLogicalSessions',
        'Unable to add session into the cache because the number of active sessions is too high',
      );
    const id = Buffer.from(key, 'latin1');
    const session: Session = {
      lsid: id,
      txnNumber: -1n,
      outcome: { kind: 'none' },
      usedMs: nowMs,
      savedParts: 0,
      hasStaleParts: false,
      isEnded: false,
    };
    const stored = this.#load.get(id);
    if (stored !== undefined) {
      session.txnNumber = BigInt(stored[0]);
      const kind = stored[1] === 'committed' ? 'committed' : 'retryable';
      const parts = this.#loadParts.all(id);
      session.savedParts = parts.length;
      session.outcome = { kind, statements: StatementLog.fromParts(parts, stored[2]) };
    }
    this.#sessions.set(key, session);
    return session;
  }

  #abortOpen(session: Session): void {
    if (session.outcome.kind !== 'open') return;
    session.outcome.transaction.end();
    session.outcome = { kind: 'aborted' };
    this.#abortedTransactions += 1;
  }

  #saveAll(): void {
    const usedMs = Math.trunc(this.#dependencies.clock.nowMs());
    for (const session of this.#unsaved) {
      this.#saveOne(session, usedMs);
      if (session.isEnded) this.#sessions.delete(session.lsid.toString('latin1'));
    }
    this.#unsaved.clear();
  }

  #saveOne(session: Session, usedMs: number): void {
    const { lsid, txnNumber, outcome } = session;
    if (outcome.kind !== 'retryable' && outcome.kind !== 'committed') return;
    const { statements } = outcome;
    if (session.hasStaleParts) this.#forgetParts.run(lsid);
    session.hasStaleParts = false;
    for (; session.savedParts < statements.fullParts; session.savedParts += 1) {
      this.#savePart.run(lsid, session.savedParts, statements.part(session.savedParts));
    }
    this.#save.run(lsid, txnNumber, outcome.kind, statements.tail(), usedMs);
  }

  /** Drops uncommitted state; it is reloaded from the file. */
  #forgetUnsaved(): void {
    for (const session of this.#unsaved) {
      if (session.outcome.kind !== 'open') this.#sessions.delete(session.lsid.toString('latin1'));
    }
    this.#unsaved.clear();
  }
}

/** Takes up a txnNumber; the statements of an earlier one are no longer needed. */
function begin(session: Session, txnNumber: bigint): void {
  if (session.txnNumber === txnNumber) return;
  session.txnNumber = txnNumber;
  session.hasStaleParts ||= session.savedParts > 0;
  session.savedParts = 0;
}

function checkNotOlder(session: Session, txnNumber: bigint): void {
  if (txnNumber >= session.txnNumber) return;
  const message = `Cannot start transaction ${txnNumber} on session because a newer transaction with txnNumber ${session.txnNumber} has already started.`;
  throw new MongoFailure('TransactionTooOld', message);
}
