import type { Clock } from '../clock.ts';
import type { Batch, BatchRequest, DocumentSource } from '../cursor/cursor-table.ts';
import type { History, HistoryEntry } from '../history/history-entry.ts';
import type { Turns } from '../turns.ts';
import { oplogDocument } from './oplog-document.ts';

export interface OplogScan {
  readonly history: History;
  readonly clock: Clock;
  /** Sequence of the entry before the first to read. */
  readonly after: number;
  readonly isDescending: boolean;
  /** Stays open at the end; `awaitsData` waits there for new entries. */
  readonly isTailable: boolean;
  readonly awaitsData: boolean;
  readonly matches: (document: Uint8Array) => boolean;
  readonly project: (document: Uint8Array) => Uint8Array;
  readonly skip: number;
  readonly limit: number;
}

const pageEntries = 500;

/** The documents of `local.oplog.rs`, made from the history as they are read. */
export class OplogSource implements DocumentSource {
  readonly #scan: OplogScan;
  #entries: Iterator<HistoryEntry>;
  #position: number;
  #pending: Uint8Array | null = null;
  #toSkip: number;
  #left: number;

  constructor(scan: OplogScan) {
    this.#scan = scan;
    this.#position = scan.after;
    this.#toSkip = scan.skip;
    this.#left = scan.limit;
    this.#entries = scan.isDescending ? backward(scan.history, scan.after) : forward(scan.history, scan.after);
  }

  async next(request: BatchRequest): Promise<Batch> {
    const { clock, history, isTailable, awaitsData } = this.#scan;
    const endMs = clock.monotonicMs() + (awaitsData ? request.waitMs : 0);
    for (;;) {
      const { documents, isAtEnd } = await this.#read(request);
      const isExhausted = this.#left === 0 || (isAtEnd && !isTailable);
      const leftMs = endMs - clock.monotonicMs();
      const mayWait = documents.length === 0 && isAtEnd && leftMs > 0 && !request.signal.aborted;
      if (isExhausted || !mayWait) return { documents, isExhausted };
      await history.wait(this.#position, leftMs, request.signal);
      this.#entries = forward(history, this.#position);
    }
  }

  close(): void {
    this.#pending = null;
  }

  async #read(request: BatchRequest): Promise<{ documents: Uint8Array[]; isAtEnd: boolean }> {
    const { turns } = request;
    const documents: Uint8Array[] = [];
    let bytes = 0;
    while (documents.length < request.documentsMax && this.#left > 0) {
      const document = await this.#nextWanted(turns);
      if (document === null) return { documents, isAtEnd: true };
      this.#pending = document;
      if (documents.length > 0 && bytes + document.length > request.bytesMax) break;
      this.#pending = null;
      this.#left -= 1;
      documents.push(document);
      bytes += document.length;
    }
    return { documents, isAtEnd: false };
  }

  /** The next document that is wanted; null at the end. */
  async #nextWanted(turns: Turns): Promise<Uint8Array | null> {
    for (;;) {
      if (turns.isOver) await turns.next();
      const document = this.#pending ?? this.#pull();
      if (document !== undefined) return document;
    }
  }

  /** The next document; undefined if the entry is not wanted, null at the end. */
  #pull(): Uint8Array | null | undefined {
    const { matches, project } = this.#scan;
    const { done, value } = this.#entries.next();
    if (done === true) return null;
    this.#position = value.sequence;
    const document = oplogDocument(value);
    if (!matches(document)) return undefined;
    if (this.#toSkip > 0) {
      this.#toSkip -= 1;
      return undefined;
    }
    return project(document);
  }
}

function* forward(history: History, after: number): Generator<HistoryEntry> {
  let position = after;
  for (;;) {
    const page = history.read(position, pageEntries);
    if (page.length === 0) return;
    for (const entry of page) {
      position = entry.sequence;
      yield entry;
    }
  }
}

function* backward(history: History, after: number): Generator<HistoryEntry> {
  let end = history.head().sequence;
  const first = Math.max(after, history.oldest().sequence - 1);
  while (end > first) {
    const start = Math.max(end - pageEntries, first);
    const entries: HistoryEntry[] = [];
    for (let at = start; at < end; ) {
      const page = history.read(at, end - at);
      const last = page.at(-1);
      if (last === undefined) break;
      entries.push(...page);
      at = last.sequence;
    }
    yield* entries.reverse();
    end = start;
  }
}
