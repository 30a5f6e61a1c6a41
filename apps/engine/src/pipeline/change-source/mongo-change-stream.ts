/**
 * Follows the change stream with raw commands. The driver's ChangeStream is not used: it decodes user documents, so one bad
 * event would fail on every retry; it hides the token after each reply; and its automatic resume looks like progress.
 * Keeps I6, I10 and I11: at most one reply is in flight while one is being converted.
 * Worst case: the server keeps an abandoned cursor until the session ends.
 */
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { ClientSession, Document, MongoClient } from 'mongodb';
import { onAbort, unlessAborted, unlessLate } from '../../runtime/abort.ts';
import { mergeFragments, parseRawEvent, type RawEvent, toChangeEvent, transactionOf } from './change-event.ts';
import type { ChangeStream } from './change-source.ts';
import type { ChangeBatch, PositionedEvent } from './change-source-types.ts';
import type { ChangeStreamOptions } from './change-stream-options.ts';
import { type CursorReply, parseCursorReply } from './cursor-reply.ts';
import { exactDocument } from './exact-bson.ts';
import { type CommandTarget, plainReply, rawReply, runCommand, toTimestamp } from './mongo-commands.ts';
import type { Position } from './position.ts';
import { tokenPosition } from './resume-token.ts';
import type { StreamPipeline } from './stream-pipeline.ts';

export interface ChangeStreamRequest {
  readonly position: Position;
  readonly pipeline: StreamPipeline;
  readonly signal: AbortSignal;
}

export interface ChangeStreamDependencies {
  readonly client: MongoClient;
  readonly clock: Clock;
  readonly options: ChangeStreamOptions;
}

/**
 * The server also ends a reply if the next event does not fit into it. A reply with fewer events than it was asked for, and fewer
 * bytes than this, counts as complete.
 */
const levelBytesMax = 4 * 1024 * 1024;

interface SizedReply extends CursorReply {
  /** The number of events that was asked for. */
  readonly batchSize: number;
}

/** The namespace of cursors of cluster-level aggregations. */
const cursorCollection = '$cmd.aggregate';

/** Opens the stream and waits for the server's first reply. After that, no change after `position` can be missed. */
export async function openChangeStream(
  dependencies: ChangeStreamDependencies,
  request: ChangeStreamRequest,
): Promise<ChangeStream> {
  // One explicit session: the server requires all commands of a cursor to use the session that opened it.
  const session = dependencies.client.startSession({ causalConsistency: false });
  try {
    const options = { ...rawReply, session, signal: request.signal };
    const reply = await runCommand(adminOf(dependencies.client), openCommand(request), options);
    return new RawChangeStream({ ...dependencies, session, signal: request.signal }, parseCursorReply(reply));
  } catch (error) {
    await session.endSession();
    throw error;
  }
}

function adminOf(client: MongoClient): CommandTarget {
  return { client, database: 'admin' };
}

const firstBatchSize = 1;

/** One event makes the first reply arrive as soon as one event is found, however long the oplog is. */
function openCommand({ position, pipeline }: ChangeStreamRequest): Document {
  const changeStream = { allChangesForCluster: true, fullDocument: 'updateLookup', ...startOf(position) };
  return {
    aggregate: 1,
    pipeline: [{ $changeStream: changeStream }, ...pipeline.stages],
    cursor: { batchSize: firstBatchSize },
  };
}

/** Uses `startAfter` because `resumeAfter` rejects the token of an invalidate event. */
function startOf(position: Position): Document {
  if (position.kind === 'time') return { startAtOperationTime: toTimestamp(position.clusterTime) };
  const token = exactDocument(position.token);
  if (token === null)
    throw new EmcachersError({
      code: 'EMC-2003',
      detail: 'The saved resume token cannot be sent back to MongoDB exactly.',
    });
  return { startAfter: token };
}

class RawChangeStream implements ChangeStream {
  readonly #dependencies: ChangeStreamDependencies & { readonly session: ClientSession; readonly signal: AbortSignal };
  readonly #listening: Disposable;
  #cursorId: CursorReply['cursorId'];
  #isHurried = false;
  #batchSize: number;
  /** The next reply: in flight, or received and not yet returned by `next`. */
  #pending: Promise<SizedReply> | null;
  #fragments: RawEvent[] = [];
  #killing: Promise<void> | null = null;
  #closing: Promise<void> | null = null;
  /** Ends a pending `next` even if the server never answers. */
  readonly #closed = new AbortController();

  constructor(
    dependencies: ChangeStreamDependencies & { readonly session: ClientSession; readonly signal: AbortSignal },
    first: CursorReply,
  ) {
    this.#dependencies = dependencies;
    this.#cursorId = first.cursorId;
    this.#batchSize = dependencies.options.batchSizeMin;
    this.#pending = Promise.resolve({ ...first, batchSize: firstBatchSize });
    this.#listening = onAbort(dependencies.signal, () => this.#kill());
  }

  async next(): Promise<ChangeBatch | null> {
    const pending = this.#pending;
    if (pending === null) return null;
    const reply = await unlessAborted(pending, this.#closed.signal);
    if (reply === null) return null;
    this.#cursorId = reply.cursorId;
    this.#pending =
      reply.cursorId.isZero() || this.#closing !== null ? null : this.#requestMore(reply.documents.length);
    if (this.#pending === null && reply.documents.length === 0) return null;
    return this.#toBatch(reply);
  }

  hurry(isHurried: boolean): void {
    this.#isHurried = isHurried;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #requestMore(received: number): Promise<SizedReply> {
    const { client, options, session } = this.#dependencies;
    if (received >= this.#batchSize) this.#batchSize = Math.min(this.#batchSize * 2, options.batchSizeMax);
    const batchSize = this.#batchSize;
    const command = {
      getMore: this.#cursorId,
      collection: cursorCollection,
      batchSize,
      maxTimeMS: this.#awaitMs(received),
    };
    const sized = (answer: Readonly<Record<string, unknown>>) => ({ ...parseCursorReply(answer), batchSize });
    const reply = runCommand(adminOf(client), command, { ...rawReply, session }).then(sized);
    // The stream may be closed before `next` takes this reply. Marking the rejection as handled loses nothing: `next` still rejects.
    reply.catch(() => undefined);
    return reply;
  }

  #awaitMs(received: number): number {
    const { awaitMsMax, hurriedMsMax, settleMsMax } = this.#dependencies.options;
    if (received > 0) return Math.min(settleMsMax, awaitMsMax);
    return this.#isHurried ? Math.min(hurriedMsMax, awaitMsMax) : awaitMsMax;
  }

  #toBatch(reply: SizedReply): ChangeBatch {
    const events: PositionedEvent[] = [];
    for (const document of reply.documents) {
      const whole = this.#assemble(parseRawEvent(document));
      if (whole === null) continue;
      events.push({ event: toChangeEvent(whole), token: whole.token, transaction: transactionOf(whole) });
    }
    const end = reply.postBatchResumeToken ?? events.at(-1)?.token ?? null;
    const isWhole = this.#fragments.length === 0;
    return { events, end: end === null || !isWhole ? null : tokenPosition(end), isLevel: isWhole && isLevel(reply) };
  }

  /** The event once it is whole, otherwise null. Fragments of one event are consecutive but may span replies. */
  #assemble(raw: RawEvent): RawEvent | null {
    if (raw.fragment === null && this.#fragments.length === 0) return raw;
    this.#fragments.push(raw);
    if (raw.fragment !== null && raw.fragment.number < raw.fragment.of) return null;
    const whole = mergeFragments(this.#fragments);
    this.#fragments = [];
    return whole;
  }

  #kill(): void {
    this.#killing ??= this.#killCursor();
  }

  /** Uses a connection of its own, so that it reaches the server while a `getMore` is pending. */
  async #killCursor(): Promise<void> {
    if (this.#cursorId.isZero()) return;
    const command = { killCursors: cursorCollection, cursors: [this.#cursorId] };
    // An unreachable server has no cursor to kill, and a reachable one drops it when the session ends.
    await runCommand(adminOf(this.#dependencies.client), command, plainReply).catch(() => undefined);
  }

  async #close(): Promise<void> {
    const { session } = this.#dependencies;
    this.#listening[Symbol.dispose]();
    this.#kill();
    const settled = Promise.allSettled([this.#killing, this.#pending]);
    this.#pending = null;
    await this.#within(settled);
    this.#closed.abort();
    await this.#within(session.endSession().catch(() => undefined));
  }

  /** Waits for the server for a bounded time, because it may be unreachable. */
  async #within(work: Promise<unknown>): Promise<void> {
    const { clock, options } = this.#dependencies;
    await unlessLate(work, { clock, delayMsMax: options.closeMsMax });
  }
}

function isLevel({ documents, batchSize }: SizedReply): boolean {
  if (documents.length >= batchSize) return false;
  return documents.reduce((bytes, document) => bytes + document.length, 0) < levelBytesMax;
}
