import type { Socket } from 'node:net';
import { createSecureContext, createServer, type Server } from 'node:tls';

/** Certificates of a server that accepts only TLS, as PEM texts. */
export interface TlsOptions {
  /** The server's certificate, followed by its intermediate ones. */
  readonly cert: string;
  readonly key: string;
  /** If set, clients must present a certificate that one of these authorities has signed. */
  readonly clientCa?: string;
}

export interface TlsGateHandlers {
  /** The socket has completed its handshake. */
  secured(socket: Socket): void;
  /** The client does not speak TLS. Its first bytes are still to be read. */
  plain(socket: Socket): void;
}

/** First byte of a TLS handshake record. Source: RFC 8446, section 5.1. */
const handshakeRecord = 0x16;

/** Time that a client has for its handshake, as in Node's own default. */
const handshakeMsMax = 120_000;

/** Throws if the certificate or the key is invalid, or if they do not match. */
export function checkTlsOptions({ cert, key, clientCa }: TlsOptions): void {
  createSecureContext({ cert, key, ...(clientCa === undefined ? {} : { ca: clientCa }) });
}

/** Decides by a connection's first byte whether it speaks TLS, so that a plain client gets an answer instead of silence. */
export class TlsGate {
  readonly #handlers: TlsGateHandlers;
  readonly #server: Server;
  readonly #waiting = new Set<Socket>();

  constructor({ cert, key, clientCa }: TlsOptions, handlers: TlsGateHandlers) {
    this.#handlers = handlers;
    const client = clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true };
    this.#server = createServer({ cert, key, minVersion: 'TLSv1.2', handshakeTimeout: handshakeMsMax, ...client });
    this.#server.on('secureConnection', (socket) => handlers.secured(socket));
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy());
  }

  accept(socket: Socket): void {
    this.#waiting.add(socket);
    socket.once('close', () => this.#waiting.delete(socket));
    socket.on('error', () => socket.destroy());
    socket.setTimeout(handshakeMsMax, () => socket.destroy());
    socket.once('readable', () => this.#route(socket));
  }

  /** Closes the connections whose handshake is not over. */
  close(): void {
    for (const socket of this.#waiting) socket.destroy();
  }

  #route(socket: Socket): void {
    const first: unknown = socket.read();
    if (!Buffer.isBuffer(first)) {
      socket.destroy();
      return;
    }
    socket.setTimeout(0);
    socket.unshift(first);
    if (first[0] === handshakeRecord) this.#server.emit('connection', socket);
    else this.#handlers.plain(socket);
  }
}
