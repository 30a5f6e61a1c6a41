import { Buffer } from 'node:buffer';
import type { RawValue } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { ClusterTime, History, HistoryEntry } from '../history/history-entry.ts';
import type { Variables } from '../query/variables.ts';
import { type ChangeEvent, invalidateEventOf, tokenOf } from './change-event.ts';
import type { LookUpDocument } from './event-images.ts';
import { EventMaker } from './event-maker.ts';
import { compileEventPipeline, type EventPipeline } from './event-pipeline.ts';
import { ResumeCheck } from './resume-check.ts';
import { highWaterMarkBytes, tokenDocument } from './resume-token.ts';
import { expandedKinds, isInScope, isInvalidating, type StreamScope } from './scope.ts';
import { eventBytesMax, splitEvent, tooLarge } from './split-event.ts';
import { historyLost, startPositionOf } from './start-position.ts';
import { readStreamSpec, type StreamSpec } from './stream-spec.ts';

export interface OpenStream {
  readonly history: History;
  readonly scope: StreamScope;
  /** The operand of `$changeStream`. */
  readonly operand: RawValue;
  /** The stages behind it. */
  readonly stages: readonly RawValue[];
  readonly variables: Variables;
  readonly lookUp: LookUpDocument;
}

/** Limits of one batch. A batch holds at least one event if one is available, unless `batchSize` is 0. */
export interface BatchLimit {
  readonly batchSize: number;
  readonly bytesMax: number;
}

export interface ChangeBatch {
  /** Raw events. */
  readonly events: Uint8Array[];
  /** Raw `{ _data }`. */
  readonly postBatchResumeToken: Uint8Array;
  /** The stream has ended: close the cursor without an error. */
  readonly isInvalidated: boolean;
}

interface Pending {
  readonly document: Uint8Array;
  readonly token: Buffer;
}

const pageEntries = 1_000;

/**
 * Maximum entries examined per batch. A stream that matches nothing stops here, reports its progress and yields to
 * other clients.
 */
const batchEntriesMax = 10_000;

/**
 * One change stream.
 *
 * It stores only a position in the history, so an idle stream costs nothing (I11). Each batch continues where the
 * previous one ended, in history order (I6). Its token never runs ahead of what was delivered (I2): an event that did
 * not fit stays pending, and the token points before it. Missing history is an error, never a gap (I3). Worst case: a
 * reader that falls behind the retained history gets 286 and must start over.
 */
export class ChangeStream {
  readonly #given: OpenStream;
  readonly #spec: StreamSpec;
  readonly #pipeline: EventPipeline;
  readonly #maker: EventMaker;
  /** Sequence of the last entry examined. */
  /** Entries examined so far. */
  #looked = 0;
  #position: number;
  readonly #startTime: ClusterTime;
  readonly #resume: ResumeCheck | null;
  #page: HistoryEntry[] = [];
  #pageIndex = 0;
  #pending: Pending[] = [];
  /** Time of the last entry examined. */
  #scannedTime: ClusterTime | null = null;
  #token: Buffer;
  #isInvalidated = false;
  /** Token of the invalidate event, which the last batch has even if the pipeline drops the event. */
  #lastToken: Buffer | null = null;
  #failure: Error | undefined;

  /** Validates the request and finds the start position. Throws MongoDB's error if either fails. */
  constructor(given: OpenStream) {
    this.#given = given;
    this.#spec = readStreamSpec(given.operand, given.scope);
    this.#pipeline = compileEventPipeline(given.stages, given.variables);
    this.#maker = new EventMaker({ spec: this.#spec, pipeline: this.#pipeline, lookUp: given.lookUp });
    const { start } = this.#spec;
    this.#resume = start.kind === 'event' ? new ResumeCheck(start.point) : null;
    const { sequence, time, token } = startPositionOf(given.history, start);
    this.#position = sequence;
    this.#startTime = time;
    this.#token = token;
  }

  /** The token to resume from, as of the last batch. */
  get postBatchResumeToken(): Uint8Array {
    return tokenDocument(this.#token);
  }

  /** Returns the events available now, up to the limit; never waits. Throws the error that ends the stream. */
  next(limit: BatchLimit): ChangeBatch {
    const events: Uint8Array[] = [];
    if (this.#failure !== undefined) throw this.#failure;
    try {
      this.#fill(events, limit);
    } catch (error) {
      if (events.length === 0) throw error;
      this.#failure = error instanceof Error ? error : new Error(String(error));
    }
    const isOver = this.#isInvalidated && this.#pending.length === 0;
    return { events, postBatchResumeToken: this.postBatchResumeToken, isInvalidated: isOver };
  }

  /** Resolves true when `next` may have something new, false on timeout or abort. */
  wait(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (this.#pending.length > 0 || this.#failure !== undefined || this.#isInvalidated) return Promise.resolve(true);
    return this.#given.history.wait(this.#position, timeoutMs, signal);
  }

  #fill(events: Uint8Array[], limit: BatchLimit): void {
    let bytes = 0;
    const lookUntil = this.#looked + batchEntriesMax;
    while (events.length < limit.batchSize) {
      const next = this.#peek(lookUntil);
      if (next === undefined) break;
      if (events.length > 0 && bytes + next.document.length > limit.bytesMax) return;
      this.#pending.shift();
      events.push(next.document);
      bytes += next.document.length;
      this.#token = next.token;
    }
    if (this.#pending.length === 0) this.#passExamined();
  }

  /** Nothing is pending: moves the token to the last entry that was examined. */
  #passExamined(): void {
    if (this.#lastToken !== null) this.#token = this.#lastToken;
    else this.#advanceToken();
  }

  /** Examines entries until an event is pending; undefined if there is none so far, or enough were examined. */
  #peek(lookUntil: number): Pending | undefined {
    while (this.#pending.length === 0) {
      if (this.#isInvalidated || this.#looked >= lookUntil || !this.#lookAtNext()) return undefined;
      this.#looked += 1;
    }
    return this.#pending[0];
  }

  /** Advances the token past entries that were examined but not shown. */
  #advanceToken(): void {
    const { history } = this.#given;
    if (this.#resume !== null && !this.#resume.isFound) return;
    const isCaughtUp = this.#position >= history.head().sequence;
    const time = isCaughtUp ? history.now() : this.#scannedTime;
    if (time === null) return;
    const candidate = highWaterMarkBytes(time, history.runId);
    if (Buffer.compare(candidate, this.#token) > 0) this.#token = candidate;
  }

  /** Examines one more entry; false if there is none. */
  #lookAtNext(): boolean {
    const entry = this.#nextEntry();
    if (entry === undefined) return false;
    this.#position = entry.sequence;
    this.#scannedTime = entry.time;
    if (isBefore(entry.time, this.#startTime)) return true;
    if (!this.#spec.showsExpandedEvents && expandedKinds.has(entry.kind)) return true;
    if (!isInScope(entry, this.#given.scope)) return true;
    if (this.#resume === null || this.#resume.isPassed) this.#show(entry);
    else this.#resumeAt(entry, this.#resume);
    return true;
  }

  #nextEntry(): HistoryEntry | undefined {
    if (this.#pageIndex >= this.#page.length) {
      const { history } = this.#given;
      if (history.oldest().sequence > this.#position + 1 && history.head().sequence > this.#position)
        throw historyLost();
      this.#page = history.read(this.#position, pageEntries);
      this.#pageIndex = 0;
      if (this.#page.length === 0 && history.head().sequence > this.#position) throw historyLost();
    }
    const entry = this.#page[this.#pageIndex];
    this.#pageIndex += 1;
    if (this.#pageIndex >= this.#page.length) this.#page = [];
    return entry;
  }

  #show(entry: HistoryEntry): void {
    const event = this.#maker.make(entry);
    if (event !== null) this.#enqueue(event, -1);
    if (isInvalidating(entry, this.#given.scope)) this.#invalidate(entry);
  }

  #invalidate(entry: HistoryEntry): void {
    this.#isInvalidated = true;
    const event = invalidateEventOf(entry);
    this.#lastToken = event.token;
    const invalidate = this.#maker.filtered(event);
    if (invalidate !== null) this.#enqueue(invalidate, -1);
  }

  /** Until the resume point is passed: skips events up to it and fails if it is missing. */
  #resumeAt(entry: HistoryEntry, resume: ResumeCheck): void {
    const event = this.#maker.make(entry);
    if (event !== null) {
      const verdict = resume.check(event.token);
      if (verdict.kind === 'deliver') this.#enqueue(event, -1);
      if (verdict.kind === 'split') this.#enqueueRest(event, verdict.afterFragment);
    }
    if (!isInvalidating(entry, this.#given.scope)) return;
    if (resume.isPassed) this.#invalidate(entry);
    else if (resume.check(tokenOf(entry, true)).kind === 'deliver') this.#invalidate(entry);
  }

  #enqueueRest(event: ChangeEvent, afterFragment: number): void {
    if (!this.#pipeline.splitsLargeEvents || event.document.length <= eventBytesMax) {
      throw new MongoFailure(
        'ChangeStreamFatalError',
        'Attempted to resume from a split event fragment, but the event in the resumed stream was not large enough to be split',
      );
    }
    this.#enqueue(event, afterFragment);
  }

  #enqueue(event: ChangeEvent, afterFragment: number): void {
    if (event.document.length <= eventBytesMax) {
      this.#pending.push({ document: event.document, token: event.token });
      return;
    }
    if (!this.#pipeline.splitsLargeEvents) throw tooLarge(event.document.length);
    const fragments = splitEvent(event.document, event.token);
    if (afterFragment >= fragments.length) {
      throw new MongoFailure(
        'ChangeStreamFatalError',
        'Attempted to resume from a split event, but the resumed stream produced a different split. Ensure that the pipeline used to resume is the same as the original',
      );
    }
    this.#pending.push(...fragments.slice(afterFragment + 1));
  }
}

function isBefore(left: ClusterTime, right: ClusterTime): boolean {
  return left.seconds !== right.seconds ? left.seconds < right.seconds : left.increment < right.increment;
}
