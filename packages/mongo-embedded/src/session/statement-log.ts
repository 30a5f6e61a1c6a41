import { BsonWriter } from '../bson/bson-writer.ts';
import { findElement, forEachElement, type RawElement } from '../bson/raw-element.ts';
import type { ClusterTime } from '../history/history-entry.ts';

/** Statements with consecutive ids and the same result. */
interface Run {
  readonly first: number;
  last: number;
  readonly result: Buffer | null;
}

const nothing = Buffer.from([5, 0, 0, 0, 0]);

/** Runs in one part; a full part is saved once. */
const partRuns = 500;

/**
 * The applied statements of one retryable write and their results. Consecutive statements with the same result take
 * one entry.
 *
 * The log is saved in parts: full ones, which never change again, and the tail. A command of many statements spans
 * several commits, and each of them saves only what is new.
 */
export class StatementLog {
  readonly #runs: Run[] = [];
  /** Runs by their statements, once they are not in ascending order; null while they are. */
  #byStatement: Map<number, Run> | null = null;
  /** The time of the last history entry of this write, which a retry reports again; null if there is none. */
  time: ClusterTime | null = null;

  /** Reads the full parts in order and the tail. */
  static fromParts(full: readonly Buffer[], tail: Buffer | null): StatementLog {
    const log = new StatementLog();
    for (const part of [...full, tail ?? nothing]) log.#read(part);
    return log;
  }

  /** The statement's result, an empty document if it has none, null if it was not applied. */
  find(statementId: number): Buffer | null {
    const run = this.#byStatement === null ? this.#search(statementId) : this.#byStatement.get(statementId);
    return run === undefined ? null : (run.result ?? nothing);
  }

  add(statementId: number, result: Buffer | null): void {
    const previous = this.#runs.at(-1);
    const isNext = previous !== undefined && previous.last + 1 === statementId && isSame(previous.result, result);
    // The last run of a full part is saved and may not grow.
    if (isNext && this.#runs.length % partRuns !== 0) {
      previous.last = statementId;
      this.#byStatement?.set(statementId, previous);
    } else {
      this.#append({ first: statementId, last: statementId, result });
    }
  }

  get fullParts(): number {
    return Math.floor(this.#runs.length / partRuns);
  }

  /** One full part as it is saved. */
  part(number: number): Buffer {
    return toBytes(this.#runs.slice(number * partRuns, (number + 1) * partRuns), null);
  }

  /** What follows the full parts, with the time. */
  tail(): Buffer {
    return toBytes(this.#runs.slice(this.fullParts * partRuns), this.time);
  }

  #append(run: Run): void {
    const previous = this.#runs.at(-1);
    this.#runs.push(run);
    const isAscending = this.#byStatement === null && (previous === undefined || previous.last < run.first);
    if (isAscending) return;
    const unlisted = this.#byStatement === null ? this.#runs : [run];
    this.#byStatement ??= new Map();
    for (const known of unlisted) {
      for (let id = known.first; id <= known.last; id += 1) this.#byStatement.set(id, known);
    }
  }

  #search(statementId: number): Run | undefined {
    let low = 0;
    let high = this.#runs.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#runs[middle]?.last ?? statementId) < statementId) low = middle + 1;
      else high = middle;
    }
    const run = this.#runs[low];
    return run !== undefined && run.first <= statementId ? run : undefined;
  }

  #read(part: Buffer): void {
    forEachElement(part, (name, element) => {
      if (name === 'time') {
        this.time = timeOf(element);
        return undefined;
      }
      const entry = element.bytes;
      const first = findElement(entry, 'first')?.bytes.readInt32LE(0) ?? 0;
      const last = findElement(entry, 'last')?.bytes.readInt32LE(0) ?? first;
      this.#append({ first, last, result: findElement(entry, 'result')?.bytes ?? null });
      return undefined;
    });
  }
}

function isSame(left: Buffer | null, right: Buffer | null): boolean {
  return left === null || right === null ? left === right : left.equals(right);
}

function toBytes(runs: readonly Run[], time: ClusterTime | null): Buffer {
  const writer = new BsonWriter(64 + runs.length * 64);
  if (time !== null) writer.timestamp('time', time);
  runs.forEach(({ first, last, result }, index) => {
    writer.beginDocument(String(index)).int32('first', first).int32('last', last);
    if (result !== null) writer.document('result', result);
    writer.end();
  });
  return writer.finish();
}

function timeOf({ bytes }: RawElement): ClusterTime {
  return { increment: bytes.readUInt32LE(0), seconds: bytes.readUInt32LE(4) };
}
