import { createServer, type Server, type Socket } from 'node:net';
import { MongoFailure } from '../error/mongo-failure.ts';
import { Connection, type ConnectionHandlers, failureDocument } from './connection.ts';
import { TlsGate, type TlsOptions } from './tls-gate.ts';

/** Maximum connections; further ones are closed at once. */
const connectionsMax = 10_000;

export interface ListenerHandlers extends Pick<ConnectionHandlers, 'handle'> {
  opened(): void;
  closed(): void;
}

/** mongod's error for a client without TLS where `net.tls.mode` is `requireTLS`. */
const tlsRequired = new MongoFailure(
  'SSLHandshakeFailed',
  'The server is configured to only allow SSL connections: add tls=true to the connection string',
);

/** Accepts connections on one address and closes them all when asked to. */
export class Listener {
  readonly #handlers: ListenerHandlers;
  readonly #connections = new Set<Connection>();
  readonly #server: Server;
  readonly #gate: TlsGate | null;
  #isClosing = false;
  #connectionId = 0;
  #requestId = 0;

  /** With `tls`, a client without TLS gets SSLHandshakeFailed 141. */
  constructor(handlers: ListenerHandlers, tls: TlsOptions | null = null) {
    this.#handlers = handlers;
    this.#gate =
      tls === null
        ? null
        : new TlsGate(tls, {
            secured: (socket) => this.#accept(socket, handlers.handle),
            plain: (socket) => this.#accept(socket, async () => ({ document: failureDocument(tlsRequired) })),
          });
    this.#server = createServer((socket) =>
      this.#gate === null ? this.#accept(socket, handlers.handle) : this.#gate.accept(socket),
    );
    this.#server.maxConnections = connectionsMax;
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  /** The port that is listened on. Throws when the address is taken or not permitted. */
  async listen(host: string, port: number): Promise<number> {
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    this.#server.once('error', reject);
    this.#server.listen({ host, port, backlog: 1024 }, () => {
      const address = this.#server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
    const bound = await promise;
    this.#server.off('error', reject);
    return bound;
  }

  /** Resolves when every connection is closed, including one accepted during the call. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#server.close(() => resolve());
    this.#gate?.close();
    this.disconnect();
    await promise;
  }

  /**
   * Closes all connections, the newest first, and keeps listening. A driver's monitors connect before its operations do,
   * and a driver that loses its monitor first does not retry writes (measured with 7.9 of the Node.js driver).
   */
  disconnect(): void {
    for (const connection of [...this.#connections].reverse()) connection.destroy();
  }

  #accept(socket: Socket, handle: ConnectionHandlers['handle']): void {
    if (this.#isClosing) {
      socket.destroy();
      return;
    }
    this.#connectionId += 1;
    const connection = new Connection(this.#connectionId, socket, {
      handle,
      nextRequestId: () => {
        this.#requestId = (this.#requestId + 1) & 0x7fffffff;
        return this.#requestId;
      },
      closed: (closed) => {
        this.#connections.delete(closed);
        this.#handlers.closed();
      },
    });
    this.#connections.add(connection);
    this.#handlers.opened();
  }
}
