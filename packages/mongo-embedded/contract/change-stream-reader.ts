/**
 * Reads a change stream by its commands (`aggregate`, `getMore`), so that a test sees each batch, its token and the
 * moment the cursor closes, where the driver's own ChangeStream would hide them or resume.
 */
import { type ClientSession, type Db, type Document, Long } from 'mongodb';

/** How long an event that must come may take. */
const EVENT_MS_MAX = 10_000;
/** How long one getMore waits at the server for an event. */
const AWAIT_MS = 500;

export interface StreamRequest {
  readonly database: Db;
  /** Collection to watch; without it, the whole database. */
  readonly collection?: string;
  /** Fields of the `$changeStream` stage. */
  readonly options?: Document;
  /** Stages after `$changeStream`. */
  readonly stages?: readonly Document[];
  readonly batchSize?: number;
}

export interface Batch {
  readonly events: readonly Document[];
  readonly postBatchResumeToken: Document;
  readonly isOpen: boolean;
}

export class ChangeStreamReader implements AsyncDisposable {
  private readonly database: Db;
  private readonly session: ClientSession;
  private readonly namespace: string;
  private readonly batchSize: number | undefined;
  private readonly buffer: Document[] = [];
  private cursorId: Long;
  /** The first batch, as `aggregate` answered it. */
  readonly firstBatch: Batch;
  /** Token of the newest batch. */
  postBatchResumeToken: Document;

  private constructor(parts: { request: StreamRequest; session: ClientSession; cursor: Document }) {
    const { request, session, cursor } = parts;
    this.database = request.database;
    this.session = session;
    this.batchSize = request.batchSize;
    this.namespace = String(cursor['ns']).slice(request.database.databaseName.length + 1);
    this.cursorId = cursor['id'] as Long;
    this.postBatchResumeToken = cursor['postBatchResumeToken'] as Document;
    this.firstBatch = this.accept(cursor, 'firstBatch');
  }

  /** Opens the stream; rejects with the server's error where it refuses. */
  static async open(request: StreamRequest): Promise<ChangeStreamReader> {
    const session = request.database.client.startSession();
    const pipeline = [{ $changeStream: request.options ?? {} }, ...(request.stages ?? [])];
    const cursor = request.batchSize === undefined ? {} : { batchSize: request.batchSize };
    try {
      const command = { aggregate: request.collection ?? 1, pipeline, cursor };
      const reply = await request.database.command(command, { session, promoteLongs: false });
      return new ChangeStreamReader({ request, session, cursor: reply['cursor'] as Document });
    } catch (error) {
      await session.endSession();
      throw error;
    }
  }

  get isOpen(): boolean {
    return !this.cursorId.isZero();
  }

  get id(): Long {
    return this.cursorId;
  }

  /** One getMore; its events are also kept for `next`. */
  async nextBatch(maxTimeMS = AWAIT_MS): Promise<Batch> {
    const size = this.batchSize === undefined || this.batchSize === 0 ? {} : { batchSize: this.batchSize };
    const command = { getMore: this.cursorId, collection: this.namespace, maxTimeMS, ...size };
    const reply = await this.database.command(command, { session: this.session, promoteLongs: false });
    return this.accept(reply['cursor'] as Document, 'nextBatch');
  }

  /** The next event, waiting for it. */
  async next(): Promise<Document> {
    const deadline = AbortSignal.timeout(EVENT_MS_MAX);
    while (this.buffer.length === 0) {
      if (!this.isOpen) throw new Error('the server closed the cursor before the awaited event');
      if (deadline.aborted) throw new Error(`no event came within ${EVENT_MS_MAX} ms`);
      await this.nextBatch();
    }
    return this.buffer.shift() as Document;
  }

  /** The next `count` events, in order. */
  async take(count: number): Promise<Document[]> {
    const events: Document[] = [];
    while (events.length < count) events.push(await this.next());
    return events;
  }

  /** Events up to and including the first that satisfies the predicate. */
  async takeUntil(isLast: (event: Document) => boolean): Promise<Document[]> {
    const events: Document[] = [];
    for (;;) {
      const event = await this.next();
      events.push(event);
      if (isLast(event)) return events;
    }
  }

  /** Reads on until the server closes the cursor; gives the events that came before. */
  async drainUntilClosed(): Promise<Document[]> {
    const deadline = AbortSignal.timeout(EVENT_MS_MAX);
    while (this.isOpen) {
      if (deadline.aborted) throw new Error(`the cursor was still open after ${EVENT_MS_MAX} ms`);
      await this.nextBatch();
    }
    return this.buffer.splice(0);
  }

  /** Forgets the cursor of a server that is gone, so that disposal does not try to close it. */
  abandon(): void {
    this.cursorId = Long.ZERO;
  }

  private accept(cursor: Document, field: 'firstBatch' | 'nextBatch'): Batch {
    const events = cursor[field] as Document[];
    this.cursorId = cursor['id'] as Long;
    this.postBatchResumeToken = cursor['postBatchResumeToken'] as Document;
    this.buffer.push(...events);
    return { events, postBatchResumeToken: this.postBatchResumeToken, isOpen: this.isOpen };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isOpen) {
      const command = { killCursors: this.namespace, cursors: [this.cursorId] };
      await this.database.command(command, { session: this.session }).catch(() => undefined);
    }
    await this.session.endSession();
  }
}
