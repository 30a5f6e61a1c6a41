import type { Socket } from 'node:net';
import { Login } from '../authentication/login.ts';
import { BsonWriter } from '../bson/bson-writer.ts';
import type { MongoFailure } from '../error/mongo-failure.ts';
import type { ClientConnection } from './client-connection.ts';
import { FrameReader } from './frame-reader.ts';
import {
  encodeReply,
  encodeReplyHeader,
  MalformedRequest,
  parseRequest,
  type ReplyFrame,
  type Request,
} from './message.ts';

/** The reply to a request. */
export interface Reply {
  /** Raw reply document; null closes the connection without a reply. */
  readonly document: Buffer | null;
  /** Streaming hello: `next` returns the following reply. */
  readonly next?: () => Promise<Reply>;
}

export interface ConnectionHandlers {
  handle(request: Request, connection: ClientConnection, signal: AbortSignal): Promise<Reply>;
  nextRequestId(): number;
  closed(connection: Connection): void;
}

/** Bytes of unread requests at which the socket is paused, so that a client that sends ahead is throttled. */
const backlogBytesMax = 1024 * 1024;

/** Replies up to this size are copied behind their header. */
const copiedBytesMax = 64 * 1024;

function formatAddress(host: string | undefined, port: number | undefined): string {
  const plain = (host ?? '').replace(/^::ffff:/, '');
  return plain.includes(':') ? `[${plain}]:${port}` : `${plain}:${port}`;
}

/**
 * One client. Requests are handled one at a time, in order; a reply waits for the socket to drain. Invalid framing
 * closes the connection; a message that is not a valid command gets an error reply.
 */
export class Connection implements ClientConnection {
  readonly id: number;
  readonly serverAddress: string;
  readonly clientAddress: string;
  applicationName: string | null = null;
  hasMetadata = false;
  readonly login = new Login();
  topologyCounterSent = 0;
  readonly #socket: Socket;
  readonly #handlers: ConnectionHandlers;
  readonly #reader = new FrameReader();
  readonly #gone = new AbortController();
  #isBusy = false;
  #isEnding = false;

  constructor(id: number, socket: Socket, handlers: ConnectionHandlers) {
    this.id = id;
    this.#socket = socket;
    this.#handlers = handlers;
    this.serverAddress = formatAddress(socket.localAddress, socket.localPort);
    this.clientAddress = formatAddress(socket.remoteAddress, socket.remotePort);
    socket.setNoDelay(true);
    socket.on('data', (chunk) => this.#receive(chunk));
    socket.on('error', () => this.destroy());
    socket.on('end', () => this.#gone.abort());
    socket.on('close', () => {
      this.#gone.abort();
      handlers.closed(this);
    });
  }

  destroy(): void {
    this.#isEnding = true;
    this.#gone.abort();
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#isEnding) return;
    this.#reader.push(chunk);
    if (!this.#isBusy) void this.#work();
    else if (this.#reader.heldBytes > backlogBytesMax) this.#socket.pause();
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    try {
      for (;;) {
        const message = this.#isEnding ? undefined : this.#reader.next();
        if (message === undefined) break;
        await this.#answer(message);
      }
    } catch {
      this.destroy();
    } finally {
      this.#isBusy = false;
    }
    if (this.#socket.isPaused()) this.#socket.resume();
  }

  /** Not asynchronous, and no function between it and the command is unless it must: each promise is paid by every call. */
  #answer(message: Buffer): Promise<void> | null {
    try {
      const request = parseRequest(message);
      return request instanceof Promise ? this.#converseAfter(request) : this.#converse(request);
    } catch (error) {
      return this.#refuse(error);
    }
  }

  async #converseAfter(parsing: Promise<Request>): Promise<void> {
    let request: Request;
    try {
      request = await parsing;
    } catch (error) {
      await this.#refuse(error);
      return;
    }
    await this.#converse(request);
  }

  #refuse(error: unknown): Promise<void> | null {
    if (!(error instanceof MalformedRequest)) throw error;
    const { requestId, form, failure } = error;
    if (form === 'close') {
      this.destroy();
      return null;
    }
    const isFailedQuery = form === 'failedQuery';
    const document = isFailedQuery ? failedQueryDocument(failure) : failureDocument(failure);
    const frame = { responseTo: requestId, isLegacy: isFailedQuery, isFailedQuery, isMoreToCome: false };
    return this.#send(document, { ...frame, requestId: this.#handlers.nextRequestId() });
  }

  async #converse(request: Request): Promise<void> {
    const reply = await this.#handlers.handle(request, this, this.#gone.signal);
    if (reply.next !== undefined && !request.isUnacknowledged) return this.#stream(request, reply);
    const draining = this.#reply(request, reply, this.#frameOf(request, false));
    if (draining !== null) await draining;
  }

  /** Sends reply after reply; each refers to the one before it. */
  async #stream(request: Request, first: Reply): Promise<void> {
    let reply = first;
    let frame = this.#frameOf(request, true);
    for (;;) {
      const draining = this.#reply(request, reply, frame);
      if (draining !== null) await draining;
      if (reply.next === undefined || this.#gone.signal.aborted) return;
      reply = await reply.next();
      const responseTo = frame.requestId;
      frame = { ...this.#frameOf(request, reply.next !== undefined), responseTo };
    }
  }

  #frameOf({ requestId: responseTo, isLegacy }: Request, isMoreToCome: boolean): ReplyFrame {
    return { requestId: this.#handlers.nextRequestId(), responseTo, isLegacy, isMoreToCome };
  }

  #reply({ isUnacknowledged }: Request, { document }: Reply, frame: ReplyFrame): Promise<void> | null {
    if (document === null) this.destroy();
    return document === null || isUnacknowledged ? null : this.#send(document, frame);
  }

  /** Resolves when the socket takes more; null if it does already. */
  #send(document: Buffer, frame: ReplyFrame): Promise<void> | null {
    if (this.#gone.signal.aborted || this.#socket.destroyed) return null;
    const isTaken = this.#write(document, frame);
    return !isTaken && this.#socket.writableNeedDrain ? this.#drained() : null;
  }

  /** One small buffer costs half the processor time of two; a large one is not worth its copy. */
  #write(document: Buffer, frame: ReplyFrame): boolean {
    if (document.length <= copiedBytesMax) return this.#socket.write(encodeReply(document, frame));
    this.#socket.cork();
    this.#socket.write(encodeReplyHeader(document.length, frame));
    const isTaken = this.#socket.write(document);
    this.#socket.uncork();
    return isTaken;
  }

  async #drained(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = (): void => resolve();
    this.#socket.once('drain', done);
    this.#gone.signal.addEventListener('abort', done, { once: true });
    await promise;
    this.#socket.off('drain', done);
    this.#gone.signal.removeEventListener('abort', done);
  }
}

/** An error reply without the times that the dispatcher adds: the request was not read. */
export function failureDocument(failure: MongoFailure): Buffer {
  const writer = new BsonWriter().double('ok', 0).string('errmsg', failure.message);
  return writer.int32('code', failure.code).string('codeName', failure.codeName).finish();
}

function failedQueryDocument({ code, message }: MongoFailure): Buffer {
  return new BsonWriter().string('$err', message).int32('code', code).double('ok', 0).finish();
}
