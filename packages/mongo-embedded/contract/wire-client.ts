/**
 * A client of a few lines that speaks MongoDB's wire protocol (OP_MSG, manual "MongoDB Wire Protocol"), for what a
 * driver cannot or will not send: bytes as they are, and messages that are wrong.
 */
import { connect, type Socket } from 'node:net';
import { BSON, type Document } from 'mongodb';
import { rawDocument, rawString } from './raw-bson.ts';

const OP_MSG = 2013;
const HEADER_BYTES = 16;
/** Header, flag bits and the kind byte of the first section. */
const BODY_AT = 21;
const ANSWER_MS_MAX = 20_000;

/** What the server did with a message: answered, or closed the connection. */
export type Outcome =
  | { readonly kind: 'answer'; readonly flags: number; readonly body: Buffer }
  | { readonly kind: 'closed' };

export class WireClient implements AsyncDisposable {
  private readonly socket: Socket;
  private received: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  private requestId = 0;
  private isClosed = false;
  private wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received, chunk]);
      this.wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
      this.wake();
    });
  }

  /** Connects to the first host of a connection string. */
  static async connect(url: string): Promise<WireClient> {
    const { host = '127.0.0.1', port = '27017' } =
      /\/\/(?:[^@/]*@)?(?<host>[^:/,]+):?(?<port>\d+)?/.exec(url)?.groups ?? {};
    const socket = connect(Number(port), host);
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.setNoDelay(true);
    return new WireClient(socket);
  }

  /** Sends a command body of raw elements, adding `$db`; gives the raw bytes of the reply. */
  async commandRaw(database: string, elements: readonly Buffer[]): Promise<Buffer> {
    const outcome = await this.exchange(
      message(rawDocument(...elements, rawString('$db', database)), ++this.requestId),
    );
    if (outcome.kind === 'closed') throw new Error('the server closed the connection instead of answering');
    return outcome.body;
  }

  /** Sends a command; gives the reply with the fields named in `asRaw` left as bytes. */
  async command(database: string, command: Document, asRaw: Document = {}): Promise<Document> {
    const body = BSON.serialize({ ...command, $db: database });
    const outcome = await this.exchange(message(Buffer.from(body), ++this.requestId));
    if (outcome.kind === 'closed') throw new Error('the server closed the connection instead of answering');
    return BSON.deserialize(outcome.body, { fieldsAsRaw: asRaw, promoteLongs: false });
  }

  /** Sends bytes as they are and waits for one answer or the end of the connection. */
  async exchange(bytes: Buffer): Promise<Outcome> {
    this.socket.write(bytes);
    return this.receive();
  }

  /** Sends bytes and does not wait. */
  send(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  /** Ends our side, as a client does that dies after sending. */
  end(): void {
    this.socket.end();
  }

  async receive(): Promise<Outcome> {
    const deadline = Date.now() + ANSWER_MS_MAX;
    for (;;) {
      const answer = this.takeAnswer();
      if (answer !== null) return answer;
      if (this.isClosed) return { kind: 'closed' };
      if (Date.now() > deadline) throw new Error(`the server neither answered nor closed within ${ANSWER_MS_MAX} ms`);
      await this.waitForBytes(deadline - Date.now());
    }
  }

  /** The next answer, if all of its bytes have arrived. */
  private takeAnswer(): Outcome | null {
    const length = this.received.length >= HEADER_BYTES ? this.received.readInt32LE(0) : Number.POSITIVE_INFINITY;
    if (this.received.length < length) return null;
    const flags = this.received.readUInt32LE(HEADER_BYTES);
    const body = Buffer.from(this.received.subarray(BODY_AT, length));
    this.received = this.received.subarray(length);
    return { kind: 'answer', flags, body };
  }

  private async waitForBytes(timeoutMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isClosed) return;
    await new Promise<void>((resolve) => {
      this.socket.once('close', () => resolve());
      this.socket.destroy();
    });
  }
}

/** An OP_MSG of one body section. */
export function message(body: Buffer, requestId: number, flags = 0): Buffer {
  const head = Buffer.alloc(BODY_AT);
  head.writeInt32LE(BODY_AT + body.length, 0);
  head.writeInt32LE(requestId, 4);
  head.writeInt32LE(OP_MSG, 12);
  head.writeUInt32LE(flags, 16);
  return Buffer.concat([head, body]);
}
