import { randomBytes } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { Transaction } from '../session/transaction.ts';
import type { Turns } from '../turns.ts';

/** One batch of documents. */
export interface Batch {
  readonly documents: readonly Uint8Array[];
  /** There are no more documents; the cursor closes. */
  readonly isExhausted: boolean;
  /** Change streams only: raw `postBatchResumeToken`. */
  readonly resumeToken?: Uint8Array;
}

export interface BatchRequest {
  readonly documentsMax: number;
  readonly bytesMax: number;
  /** How long a tailable cursor may wait for its first document, milliseconds. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** The turns of the call. */
  readonly turns: Turns;
}

/** Where a cursor's documents come from. */
export interface DocumentSource {
  next(request: BatchRequest): Batch | Promise<Batch>;
  close(): void;
}

export interface Cursor {
  readonly id: bigint;
  /** `database.collection` as the replies name it. */
  readonly namespace: string;
  readonly source: DocumentSource;
  readonly isChangeStream: boolean;
  readonly isTailable: boolean;
  /** Raw lsid in hexadecimal, or null: killed with its session. */
  readonly session: string | null;
  /** The transaction that the cursor belongs to and ends with, or null. */
  readonly transaction: Transaction | null;
  readonly hasNoTimeout: boolean;
  /** `maxTimeMS` of the call that opened it, spread over its getMores; null without a limit. */
  timeLeftMs: number | null;
  isBusy: boolean;
  readonly killed: AbortController;
  usedMs: number;
}

export type NewCursor = Pick<
  Cursor,
  'namespace' | 'source' | 'isChangeStream' | 'isTailable' | 'session' | 'transaction' | 'hasNoTimeout' | 'timeLeftMs'
>;

/** Maximum open cursors; opening another one fails. */
const cursorsMax = 100_000;

/**
 * Open cursors by id. They outlive the connection that opened them; the server calls `closeIdle` periodically to
 * close idle ones. Killing a cursor in use makes its getMore fail with CursorKilled 237.
 */
export class CursorTable {
  readonly #clock: Clock;
  readonly #cursors = new Map<bigint, Cursor>();
  #timedOut = 0;
  #opened = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get counts(): { open: number; noTimeout: number; pinned: number; timedOut: number; opened: number } {
    const cursors = [...this.#cursors.values()];
    const noTimeout = cursors.filter((cursor) => cursor.hasNoTimeout).length;
    const pinned = cursors.filter((cursor) => cursor.isBusy).length;
    return { open: cursors.length, noTimeout, pinned, timedOut: this.#timedOut, opened: this.#opened };
  }

  open(wanted: NewCursor): Cursor {
    if (this.#cursors.size >= cursorsMax) throw new MongoFailure('ExceededMemoryLimit', 'Too many open cursors');
    const id = this.#newId();
    const cursor: Cursor = {
      ...wanted,
      id,
      isBusy: false,
      killed: new AbortController(),
      usedMs: this.#clock.monotonicMs(),
    };
    this.#cursors.set(id, cursor);
    this.#opened += 1;
    return cursor;
  }

  find(id: bigint): Cursor | undefined {
    return this.#cursors.get(id);
  }

  /** Marks the cursor as in use by one getMore. Throws CursorNotFound 43, CursorInUse 12051. */
  take(id: bigint): Cursor {
    const cursor = this.#cursors.get(id);
    if (cursor === undefined) throw new MongoFailure('CursorNotFound', `cursor id ${id} not found`);
    if (cursor.isBusy) throw new MongoFailure('CursorInUse', `cursor id ${id} is already in use`);
    cursor.isBusy = true;
    return cursor;
  }

  giveBack(cursor: Cursor): void {
    cursor.isBusy = false;
    cursor.usedMs = this.#clock.monotonicMs();
  }

  /** Closes the cursor. Returns false if no cursor has that id. */
  kill(id: bigint): boolean {
    const cursor = this.#cursors.get(id);
    if (cursor === undefined) return false;
    this.#cursors.delete(id);
    cursor.killed.abort();
    cursor.source.close();
    return true;
  }

  killWhere(isConcerned: (cursor: Cursor) => boolean): void {
    for (const cursor of [...this.#cursors.values()]) if (isConcerned(cursor)) this.kill(cursor.id);
  }

  closeIdle(idleMsMax: number): void {
    const before = this.#clock.monotonicMs() - idleMsMax;
    for (const cursor of [...this.#cursors.values()]) {
      if (cursor.isBusy || cursor.hasNoTimeout || cursor.usedMs > before) continue;
      this.kill(cursor.id);
      this.#timedOut += 1;
    }
  }

  #newId(): bigint {
    for (;;) {
      const id = randomBytes(8).readBigInt64LE(0) & 0x7fff_ffff_ffff_ffffn;
      if (id !== 0n && !this.#cursors.has(id)) return id;
    }
  }
}
