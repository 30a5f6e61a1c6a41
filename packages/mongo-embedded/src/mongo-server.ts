import type { UserOptions } from './authentication/credential.ts';
import { UserTable } from './authentication/user-table.ts';
import { type Clock, createSystemClock } from './clock.ts';
import { connectionUrl } from './connection-url.ts';
import { createListener, createProcess, openRuntime } from './runtime.ts';
import type { ServerState } from './server-state.ts';
import { LockTable } from './storage/lock-table.ts';
import { openStore } from './storage/store.ts';
import type { Listener } from './wire/listener.ts';
import { checkTlsOptions, type TlsOptions } from './wire/tls-gate.ts';

export type { UserOptions } from './authentication/credential.ts';
export type { Clock } from './clock.ts';
export type { TlsOptions } from './wire/tls-gate.ts';

/** Storage, address and limits of the server. */
export interface MongoServerOptions {
  /** The data folder, created if missing. Set either this or `memory`. */
  readonly path?: string;
  /** In memory: all data is lost when the server stops. */
  readonly memory?: boolean;
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1. Only addresses of the machine itself. */
  readonly host?: string;
  /** Beyond this size the oldest history is pruned. Default 1 GiB, about what a small mongod keeps. */
  readonly historyBytesMax?: number;
  /** Clients must use TLS. Default: no TLS. */
  readonly tls?: TlsOptions;
  /** Clients must log in as one of these users, with SCRAM-SHA-256. Default: no users, and everybody may do everything. */
  readonly users?: readonly UserOptions[];
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** A server that can be started once and stopped once. */
export interface MongoServer {
  /** Opens the data and listens. Rejects if the port is taken, or the folder is in use or not writable. */
  start(): Promise<{ readonly url: string; readonly port: number }>;
  /** Ends open calls, and closes all connections and the data file. Idempotent. */
  stop(): Promise<void>;
  /** For tests: prunes the history up to now, as if it had exceeded its limit; streams behind it get 286. */
  cutHistory(): void;
}

const loopbackHosts: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '::1']);
const historyBytesDefault = 1024 * 1024 * 1024;

/**
 * A MongoDB server for development and tests: a replica set of one node on SQLite. See this package's README for what it
 * does not do. Nothing is opened before `start`.
 */
export function createMongoServer(options: MongoServerOptions): MongoServer {
  const host = options.host ?? '127.0.0.1';
  if (!loopbackHosts.has(host)) throw new RangeError(`host ${host} is not a loopback address`);
  if ((options.path === undefined) === (options.memory !== true))
    throw new TypeError('Give either path or memory: true');
  if (options.tls !== undefined) checkTlsOptions(options.tls);
  const users = new UserTable(options.users ?? []);
  let running: Running | null = null;
  return {
    async start() {
      if (running !== null) throw new Error('The server has been started already');
      running = open(options, users);
      try {
        const port = await running.listener.listen(host, options.port ?? 0);
        const shown = host === '::1' ? '[::1]' : host;
        return { url: connectionUrl([`${shown}:${port}`], options.tls !== undefined), port };
      } catch (error) {
        running.close();
        running = null;
        throw error;
      }
    },
    async stop() {
      const stopping = running;
      running = null;
      if (stopping === null) return;
      stopping.endCalls();
      await stopping.listener.close();
      stopping.close();
    },
    cutHistory() {
      const { state } = running ?? {};
      if (state === undefined) throw new Error('The server is not running');
      state.store.history.cut(state.store.history.appendedSequence);
    },
  };
}

interface Running {
  readonly state: ServerState;
  readonly listener: Listener;
  endCalls(): void;
  close(): void;
}

function open(options: MongoServerOptions, users: UserTable): Running {
  const clock = options.clock ?? createSystemClock();
  const path = options.path ?? null;
  const process = createProcess(clock, users);
  const store = openStore({ path, clock, historyBytesMax: options.historyBytesMax ?? historyBytesDefault });
  const data = { store, locks: new LockTable() };
  const { dispatcher, state, endCalls, close } = openRuntime({ clock, users, process, data, path, member: null });
  const listener = createListener(
    process,
    (request, connection, gone) => dispatcher.handle({ request, connection, gone }),
    options.tls ?? null,
  );
  return { state, listener, endCalls, close };
}
