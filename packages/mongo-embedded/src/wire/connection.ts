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

  async #answer(message: Buffer): Promise<void> {
    let request: Request;
    try {
      request = await parseRequest(message);
    } catch (error) {
      if (!(error instanceof MalformedRequest)) throw error;
      return this.#refuse(error);
    }
    await this.#converse(request);
  }

  async #refuse({ requestId, form, failure }: MalformedRequest): Promise<void> {
    if (form === 'close') return this.destroy();
    const isFailedQuery = form === 'failedQuery';
    const document = isFailedQuery ? failedQueryDocument(failure) : failureDocument(failure);
    await this.#send(document, { responseTo: requestId, isLegacy: isFailedQuery, isFailedQuery, isMoreToCome: false });
  }

  async #converse(request: Request): Promise<void> {
    let reply = await this.#handlers.handle(request, this, this.#gone.signal);
    let responseTo = request.requestId;
    for (;;) {
      if (reply.document === null) return this.destroy();
      if (request.isUnacknowledged) return;
      const { next } = reply;
      const frame = { responseTo, isLegacy: request.isLegacy, isMoreToCome: next !== undefined };
      responseTo = await this.#send(reply.document, frame);
      if (next === undefined || this.#gone.signal.aborted) return;
      reply = await next();
    }
  }

  async #send(document: Buffer, frame: Omit<ReplyFrame, 'requestId'>): Promise<number> {
    const requestId = this.#handlers.nextRequestId();
    if (this.#gone.signal.aborted || this.#socket.destroyed) return requestId;
    const isTaken = this.#write(document, { ...frame, requestId });
    if (!isTaken && this.#socket.writableNeedDrain) await this.#drained();
    return requestId;
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
