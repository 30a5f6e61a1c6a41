/**
 * Divides the stream's changes into units: the changes that readers see together. A unit is committed to the oplog as a whole.
 *
 * - A transaction of the source is never divided, up to `transactionOperationsMax` and `transactionBytesMax`.
 * - Replies that left changes behind at the server, and the first one that did not, form one unit if they contain a transaction: their
 *   updates carry documents that may be newer than the changes that follow, so that any earlier place would show a part of a later
 *   transaction. The same bounds apply.
 * - Changes without a transaction form units as large as a batch.
 *
 * Keeps I11: at most one unit is collected, with at most these bounds and one change above. Worst case: a transaction above the
 * bounds, which readers see in parts; it is counted.
 */
import { asBuffer } from '@emcachers/bson/read-bytes';
import type { SourceTransaction } from '../change-source/change-source-types.ts';
import type { Conversion } from '../change-source/to-operation.ts';
import type { Weighed } from '../channel/channel.ts';

/** One converted change event. It counts as at least one operation, so that events without operations are bounded too. */
export interface ConvertedChange extends Weighed {
  readonly conversion: Conversion;
  readonly token: Uint8Array;
  readonly transaction: SourceTransaction | null;
  /** Of the pipeline that the token came from. */
  readonly pipelineHash: string;
}

export interface ChangeUnit extends Weighed {
  readonly changes: readonly ConvertedChange[];
  /** True if readers must not see a part of it. */
  readonly isTogether: boolean;
}

export interface UnitOptions {
  /** Bounds of a unit with a transaction, in operations and bytes. */
  readonly transactionOperationsMax: number;
  readonly transactionBytesMax: number;
  /** Bounds of a unit without one. */
  readonly batchOpsMax: number;
  readonly batchBytesMax: number;
}

export const transactionDefaults = {
  transactionOperationsMax: 20_000,
  transactionBytesMax: 16 * 1024 * 1024,
} as const;

export class ChangeUnits {
  readonly #options: UnitOptions;
  readonly #onDivided: () => void;
  #changes: ConvertedChange[] = [];
  #operations = 0;
  #bytes = 0;
  #hasTransaction = false;
  /** Of the newest change. */
  #transaction: SourceTransaction | null = null;
  /** Index of the first change of that transaction. */
  #transactionStart = 0;
  /** True if readers already see an earlier part of the transaction at the unit's start. */
  #isDivided = false;
  /** True if the reply before the next change was level. */
  #isAfterLevel = false;

  /** `onDivided` is called for each transaction that readers see in parts. */
  constructor(options: UnitOptions, onDivided: () => void) {
    this.#options = options;
    this.#onDivided = onDivided;
  }

  /** Adds a change. Returns the unit that ended before it; null if none did. */
  add(change: ConvertedChange): ChangeUnit | null {
    const continues = isSame(this.#transaction, change.transaction);
    const ended = this.#endBefore(continues);
    if (!continues) this.#transactionStart = this.#changes.length;
    this.#changes.push(change);
    this.#operations += change.operations;
    this.#bytes += change.bytes;
    this.#transaction = change.transaction;
    this.#hasTransaction ||= change.transaction !== null;
    this.#isAfterLevel = false;
    return ended;
  }

  /** Called after the changes of a reply were added. Returns the unit that ended with it; null if it may go on. */
  endReply({ isEmpty, isLevel }: { readonly isEmpty: boolean; readonly isLevel: boolean }): ChangeUnit | null {
    if (this.#changes.length === 0) return null;
    this.#isAfterLevel = isLevel;
    if (!isLevel) return null;
    return isEmpty || this.#transaction === null ? this.#take(this.#changes.length) : null;
  }

  /** True if no change waits for the end of its unit. */
  isEmpty(): boolean {
    return this.#changes.length === 0;
  }

  #endBefore(continues: boolean): ChangeUnit | null {
    if (this.#changes.length === 0) return null;
    if ((this.#isAfterLevel || this.#isDivided) && !continues) return this.#take(this.#changes.length);
    if (!this.#isFull()) return null;
    if (!continues) return this.#take(this.#changes.length);
    if (this.#transactionStart > 0) return this.#take(this.#transactionStart);
    if (!this.#isDivided) this.#onDivided();
    const part = { ...this.#take(this.#changes.length), isTogether: false };
    this.#isDivided = true;
    return part;
  }

  #isFull(): boolean {
    const { transactionOperationsMax, transactionBytesMax, batchOpsMax, batchBytesMax } = this.#options;
    if (this.#hasTransaction) return this.#operations >= transactionOperationsMax || this.#bytes >= transactionBytesMax;
    return this.#operations >= batchOpsMax || this.#bytes >= batchBytesMax;
  }

  /** Takes the first `count` changes; the others begin the next unit. */
  #take(count: number): ChangeUnit {
    const changes = this.#changes.slice(0, count);
    const unit = { changes, ...weightOf(changes), isTogether: this.#hasTransaction && !this.#isDivided };
    this.#changes = this.#changes.slice(count);
    const rest = weightOf(this.#changes);
    this.#operations = rest.operations;
    this.#bytes = rest.bytes;
    this.#hasTransaction = this.#changes.some(({ transaction }) => transaction !== null);
    this.#transactionStart = 0;
    this.#isDivided = false;
    this.#isAfterLevel = false;
    return unit;
  }
}

function weightOf(changes: readonly ConvertedChange[]): Weighed {
  let operations = 0;
  let bytes = 0;
  for (const change of changes) {
    operations += change.operations;
    bytes += change.bytes;
  }
  return { operations, bytes };
}

function isSame(left: SourceTransaction | null, right: SourceTransaction | null): boolean {
  if (left === null || right === null) return false;
  return left.number === right.number && asBuffer(left.sessionId).equals(right.sessionId);
}
