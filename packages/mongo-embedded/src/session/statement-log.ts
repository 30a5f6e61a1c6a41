import { BsonWriter } from '../bson/bson-writer.ts';
import { findElement, forEachElement, type RawElement } from '../bson/raw-element.ts';
import type { ClusterTime } from '../history/history-entry.ts';

interface Entry {
  readonly first: number;
  last: number;
  readonly result: Buffer | null;
}

const nothing = Buffer.from([5, 0, 0, 0, 0]);

/**
 * The applied statements of one retryable write and their results. A run of statements without results takes one
 * entry.
 */
export class StatementLog {
  readonly #entries: Entry[] = [];
  /** The time of the last history entry of this write, which a retry reports again; null if there is none. */
  time: ClusterTime | null = null;

  static fromBytes(bytes: Buffer | null): StatementLog {
    const log = new StatementLog();
    forEachElement(bytes ?? nothing, (name, element) => {
      if (name === 'time') {
        log.time = timeOf(element);
        return undefined;
      }
      const entry = element.bytes;
      const first = findElement(entry, 'first')?.bytes.readInt32LE(0) ?? 0;
      const last = findElement(entry, 'last')?.bytes.readInt32LE(0) ?? first;
      log.#entries.push({ first, last, result: findElement(entry, 'result')?.bytes ?? null });
      return undefined;
    });
    return log;
  }

  /** The statement's result, an empty document if it has none, null if it was not applied. */
  find(statementId: number): Buffer | null {
    const entry = this.#entries.find(({ first, last }) => first <= statementId && statementId <= last);
    return entry === undefined ? null : (entry.result ?? nothing);
  }

  add(statementId: number, result: Buffer | null): void {
    const previous = this.#entries.at(-1);
    const isNext =
      previous !== undefined && previous.result === null && result === null && previous.last + 1 === statementId;
    if (isNext) previous.last = statementId;
    else this.#entries.push({ first: statementId, last: statementId, result });
  }

  toBytes(): Buffer {
    const writer = new BsonWriter();
    if (this.time !== null) writer.timestamp('time', this.time);
    this.#entries.forEach(({ first, last, result }, index) => {
      writer.beginDocument(String(index)).int32('first', first).int32('last', last);
      if (result !== null) writer.document('result', result);
      writer.end();
    });
    return writer.finish();
  }
}

function timeOf({ bytes }: RawElement): ClusterTime {
  return { increment: bytes.readUInt32LE(0), seconds: bytes.readUInt32LE(4) };
}
