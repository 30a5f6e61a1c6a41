import { createServer, type Server, type Socket } from 'node:net';
import { Connection, type ConnectionHandlers } from './connection.ts';

/** Maximum connections; further ones are closed at once. */
const connectionsMax = 10_000;

export interface ListenerHandlers extends Pick<ConnectionHandlers, 'handle'> {
  opened(): void;
  closed(): void;
}

/** Accepts connections on one address and closes them all when asked to. */
export class Listener {
  readonly #handlers: ListenerHandlers;
  readonly #connections = new Set<Connection>();
  readonly #server: Server;
  #isClosing = false;
  #connectionId = 0;
  #requestId = 0;

  constructor(handlers: ListenerHandlers) {
    this.#handlers = handlers;
    this.#server = createServer((socket) => this.#accept(socket));
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
    for (const connection of this.#connections) connection.destroy();
    await promise;
  }

  #accept(socket: Socket): void {
    if (this.#isClosing) {
      socket.destroy();
      return;
    }
    this.#connectionId += 1;
    const connection = new Connection(this.#connectionId, socket, {
      handle: this.#handlers.handle,
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
