/**
 * The change stream as a loop of raw commands. The driver's own ChangeStream is not used: it decodes user documents (which
 * can fail, for ever, at the same event), hides the token after each reply, and resumes by itself in ways that cannot be
 * told from progress. Keeps I6, I10 and I11: one reply is on its way while one is converted, never more.
 * The worst that can happen: the server holds a cursor that nobody closes; ending the session takes it away.
 */
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { ClientSession, Document, MongoClient } from 'mongodb';
import { mergeFragments, parseRawEvent, type RawEvent, toChangeEvent } from './change-event.ts';
import type { ChangeStream } from './change-source.ts';
import type { ChangeBatch, PositionedEvent } from './change-source-types.ts';
import { type CursorReply, parseCursorReply } from './cursor-reply.ts';
import { exactDocument } from './exact-bson.ts';
import { rawReply, toTimestamp } from './mongo-commands.ts';
import type { Position } from './position.ts';
import { tokenPosition } from './resume-token.ts';
import type { StreamPipeline } from './stream-pipeline.ts';

export interface ChangeStreamOptions {
  /** How long the server holds an empty reply back: bounds the age of the idle position. */
  readonly awaitMsMax: number;
  /** Events in a reply: grows from `batchSizeMin` by doubling while replies are full. */
  readonly batchSizeMin: number;
  readonly batchSizeMax: number;
  /** How long `close` waits for the server before it gives up; the session's end takes the cursor away then. */
  readonly closeMsMax: number;
}

export const changeStreamDefaults: ChangeStreamOptions = {
  awaitMsMax: 500,
  batchSizeMin: 64,
  batchSizeMax: 4096,
  closeMsMax: 500,
};

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

/** Where cursors of cluster-level aggregations live. */
const cursorCollection = '$cmd.aggregate';

/** Opens the stream and waits for the server's first reply: from then on nothing after `position` can be missed. */
export async function openChangeStream(
  dependencies: ChangeStreamDependencies,
  request: ChangeStreamRequest,
): Promise<ChangeStream> {
  // One explicit session: the server wants all commands of a cursor in the session that made it.
  const session = dependencies.client.startSession({ causalConsistency: false });
  try {
    const reply = await dependencies.client.db('admin').command(openCommand(request), {
      ...rawReply,
      session,
      signal: request.signal,
    });
    return new RawChangeStream({ ...dependencies, session, signal: request.signal }, parseCursorReply(reply));
  } catch (error) {
    await session.endSession();
    throw error;
  }
}

/** `batchSize` 1: the first reply comes as soon as anything is found, however much of the oplog is to be searched. */
function openCommand({ position, pipeline }: ChangeStreamRequest): Document {
  const changeStream = { allChangesForCluster: true, fullDocument: 'updateLookup', ...startOf(position) };
  return {
    aggregate: 1,
    pipeline: [{ $changeStream: changeStream }, ...pipeline.stages],
    cursor: { batchSize: 1 },
  };
}

/** `startAfter`, not `resumeAfter`: it bears the token of an invalidate. */
function startOf(position: Position): Document {
  if (position.kind === 'time') return { startAtOperationTime: toTimestamp(position.clusterTime) };
  const token = exactDocument(position.token);
  if (token === null)
    throw new EmcachersError({ code: 'EMC-2003', detail: 'The saved resume token cannot be given back to MongoDB.' });
  return { startAfter: token };
}

class RawChangeStream implements ChangeStream {
  readonly #dependencies: ChangeStreamDependencies & { readonly session: ClientSession; readonly signal: AbortSignal };
  readonly #kill = (): void => {
    this.#killing ??= this.#killCursor();
  };
  #cursorId: CursorReply['cursorId'];
  #batchSize: number;
  /** The reply that is on its way or has come and waits to be asked for. */
  #pending: Promise<CursorReply> | null;
  #fragments: RawEvent[] = [];
  #killing: Promise<void> | null = null;
  #closing: Promise<void> | null = null;
  /** Ends a waiting `next` even when the server never answers. */
  readonly #closed = Promise.withResolvers<null>();

  constructor(
    dependencies: ChangeStreamDependencies & { readonly session: ClientSession; readonly signal: AbortSignal },
    first: CursorReply,
  ) {
    this.#dependencies = dependencies;
    this.#cursorId = first.cursorId;
    this.#batchSize = dependencies.options.batchSizeMin;
    this.#pending = Promise.resolve(first);
    dependencies.signal.addEventListener('abort', this.#kill, { once: true });
    if (dependencies.signal.aborted) this.#kill();
  }

  async next(): Promise<ChangeBatch | null> {
    const pending = this.#pending;
    if (pending === null) return null;
    const reply = await Promise.race([pending, this.#closed.promise]);
    if (reply === null) return null;
    this.#cursorId = reply.cursorId;
    this.#pending =
      reply.cursorId.isZero() || this.#closing !== null ? null : this.#requestMore(reply.documents.length);
    if (this.#pending === null && reply.documents.length === 0) return null;
    return this.#toBatch(reply);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #requestMore(received: number): Promise<CursorReply> {
    const { client, options, session } = this.#dependencies;
    if (received >= this.#batchSize) this.#batchSize = Math.min(this.#batchSize * 2, options.batchSizeMax);
    const command = {
      getMore: this.#cursorId,
      collection: cursorCollection,
      batchSize: this.#batchSize,
      maxTimeMS: options.awaitMsMax,
    };
    const reply = client
      .db('admin')
      .command(command, { ...rawReply, session })
      .then(parseCursorReply);
    // The stream may be closed before anyone asks for this reply; whoever asks gets the error all the same.
    reply.catch(() => undefined);
    return reply;
  }

  #toBatch(reply: CursorReply): ChangeBatch {
    const events: PositionedEvent[] = [];
    for (const document of reply.documents) {
      const whole = this.#assemble(parseRawEvent(document));
      if (whole !== null) events.push({ event: toChangeEvent(whole), token: whole.token });
    }
    const end = reply.postBatchResumeToken ?? events.at(-1)?.token ?? null;
    return { events, end: end === null || this.#fragments.length > 0 ? null : tokenPosition(end) };
  }

  /** The event when it is whole, else null. Fragments of one event follow each other, possibly over several replies. */
  #assemble(raw: RawEvent): RawEvent | null {
    if (raw.fragment === null && this.#fragments.length === 0) return raw;
    this.#fragments.push(raw);
    if (raw.fragment !== null && raw.fragment.number < raw.fragment.of) return null;
    const whole = mergeFragments(this.#fragments);
    this.#fragments = [];
    return whole;
  }

  /** On a connection of its own, so that it reaches the server while a `getMore` waits there. */
  async #killCursor(): Promise<void> {
    if (this.#cursorId.isZero()) return;
    const command = { killCursors: cursorCollection, cursors: [this.#cursorId] };
    // A server that is away has no cursor to kill, and one that is there lets go of it when the session ends.
    await this.#dependencies.client
      .db('admin')
      .command(command)
      .catch(() => undefined);
  }

  async #close(): Promise<void> {
    const { session, signal } = this.#dependencies;
    signal.removeEventListener('abort', this.#kill);
    this.#kill();
    const settled = Promise.allSettled([this.#killing, this.#pending]);
    this.#pending = null;
    await this.#within(settled);
    this.#closed.resolve(null);
    await this.#within(session.endSession().catch(() => undefined));
  }

  /** Waits for the server, but not for ever: it may be away. */
  async #within(work: Promise<unknown>): Promise<void> {
    const { clock, options } = this.#dependencies;
    const timer = new AbortController();
    await Promise.race([work, clock.sleep(options.closeMsMax, timer.signal)]);
    timer.abort();
  }
}
