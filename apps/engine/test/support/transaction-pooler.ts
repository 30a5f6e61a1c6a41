import { connect, createServer, type Socket } from 'node:net';

/**
 * A pooler before PostgreSQL as PgBouncer is one: each client logs in through a connection of its own, which then serves every
 * client. In transaction mode a connection belongs to a client from its first message until no transaction is open; in session
 * mode it stays with its client. Clients are told a process id that is not the server's.
 */
export interface Pooler extends AsyncDisposable {
  readonly port: number;
}

const readyForQuery = 0x5a;
const backendKeyData = 0x4b;
const terminate = 0x58;
const idleStatus = 0x49;
const headerBytes = 5;

/** `targetPort` on 127.0.0.1. */
export async function startPooler(targetPort: number, mode: 'session' | 'transaction'): Promise<Pooler> {
  const shared: Shared = { mode, sockets: new Set(), idle: [] };
  const server = createServer((socket) => new PooledClient(shared, socket, connect(targetPort, '127.0.0.1')));
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async [Symbol.asyncDispose]() {
      for (const socket of shared.sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

interface Shared {
  readonly mode: 'session' | 'transaction';
  readonly sockets: Set<Socket>;
  /** Connections to the server that belong to no client; the one that was used last is at the end. */
  readonly idle: Socket[];
}

class PooledClient {
  readonly #shared: Shared;
  readonly #client: Socket;
  /** The connection that serves this client now. */
  #upstream: Socket | null;
  #isLoggedIn = false;

  constructor(shared: Shared, client: Socket, login: Socket) {
    this.#shared = shared;
    this.#client = client;
    this.#upstream = login;
    for (const socket of [client, login]) {
      shared.sockets.add(socket);
      socket.on('error', () => socket.destroy());
    }
    this.#listenTo(login);
    client.on('data', (chunk) => this.#ask(chunk));
    client.on('close', () => {
      if (shared.mode === 'session' || !this.#isLoggedIn) login.destroy();
    });
  }

  #ask(chunk: Buffer): void {
    if (this.#isLoggedIn && chunk[0] === terminate) return;
    if (this.#upstream === null) {
      this.#upstream = this.#shared.idle.pop() ?? null;
      if (this.#upstream !== null) this.#listenTo(this.#upstream);
    }
    this.#upstream?.write(chunk);
  }

  #listenTo(upstream: Socket): void {
    upstream.removeAllListeners('data');
    let rest: Buffer = Buffer.alloc(0);
    upstream.on('data', (chunk) => {
      const { messages, left } = framesOf(Buffer.concat([rest, chunk]));
      rest = left;
      for (const message of messages) this.#answer(message, upstream);
    });
  }

  #answer(message: Buffer, upstream: Socket): void {
    if (message[0] === backendKeyData) message.writeInt32BE(message.readInt32BE(5) + 1_000_000, 5);
    this.#client.write(message);
    if (message[0] !== readyForQuery) return;
    if (this.#shared.mode === 'transaction' && message[5] === idleStatus) this.#release(upstream);
    this.#isLoggedIn = true;
  }

  /** A pooler needs no new connection for a new client, so the one of its login is the last to be used. */
  #release(upstream: Socket): void {
    this.#upstream = null;
    if (this.#isLoggedIn) this.#shared.idle.push(upstream);
    else this.#shared.idle.unshift(upstream);
  }
}

/** Every message of the server is a letter, its length, and a body. */
function framesOf(bytes: Buffer): { messages: Buffer[]; left: Buffer } {
  const messages: Buffer[] = [];
  let at = 0;
  while (bytes.length - at >= headerBytes) {
    const end = at + 1 + bytes.readInt32BE(at + 1);
    if (end > bytes.length) break;
    messages.push(Buffer.from(bytes.subarray(at, end)));
    at = end;
  }
  return { messages, left: bytes.subarray(at) };
}
