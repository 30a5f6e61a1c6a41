import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';

/**
 * The sockets of a set of PostgreSQL connections, so that they can be destroyed without an answer from the server. The driver's
 * own `end` waits for running statements and for the server to close, which never happens if the server is frozen.
 */
export interface ConnectionSockets {
  /** The driver's `stream` option: the socket of a new connection. */
  readonly open: () => Socket;
  /** Destroys every open socket, and each new one before it connects. Running statements fail at once. */
  destroyAll(): void;
}

/** Starts with no sockets. */
export function createConnectionSockets(): ConnectionSockets {
  const sockets = new Set<Socket>();
  let isClosed = false;
  const destroy = (socket: Socket): void => {
    socket.destroy(new Error('Connection terminated by this process.'));
  };
  return {
    open() {
      const socket = new Socket();
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      // Not synchronously: the driver has yet to add its listeners.
      if (isClosed) process.nextTick(destroy, socket);
      return socket;
    },
    destroyAll() {
      isClosed = true;
      for (const socket of sockets) destroy(socket);
    },
  };
}

const endMsMax = 1_000;

/** Ends a connection in good order, or breaks it if the server does not answer within a second. */
export async function endConnection(client: pg.Client, sockets: ConnectionSockets): Promise<void> {
  const timer = new AbortController();
  const late = sleep(endMsMax, undefined, { signal: timer.signal }).catch(() => undefined);
  await Promise.race([client.end().catch(() => undefined), late]);
  timer.abort();
  sockets.destroyAll();
}
