import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { expect } from '@playwright/test';

const webDir = path.resolve(import.meta.dirname, '../apps/web');
const next = path.resolve(import.meta.dirname, '../node_modules/next/dist/bin/next');

/** A console of its own whose engine can be made unreachable, without stopping the engine that all tests share. */
export interface SecondConsole extends AsyncDisposable {
  readonly url: string;
  /** Closes the way to the engine, as if its process had ended. */
  readonly cutEngine: () => Promise<void>;
  readonly reconnectEngine: () => Promise<void>;
  /** Keeps every connection open and passes nothing on, as if the engine's process were stopped (SIGSTOP). */
  readonly freezeEngine: () => void;
  /** New connections reach the engine again; those of the frozen time end. */
  readonly thawEngine: () => void;
}

/** `environment`: settings of this console alone. */
export async function startSecondConsole(
  engineUrl: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<SecondConsole> {
  const engine = createEnginePort(Number(new URL(engineUrl).port));
  // The engine answers under names and ports that it knows.
  const enginePort = await engine.open(Number(process.env['STACK_PASSAGE_PORT']));
  const consolePort = await freePort();
  const child = spawn(process.execPath, [next, 'start', '--hostname', '127.0.0.1', '--port', String(consolePort)], {
    cwd: webDir,
    env: {
      ...process.env,
      NEXT_TELEMETRY_DISABLED: '1',
      ENGINE_HOST: '127.0.0.1',
      ENGINE_PORT: String(enginePort),
      CONSOLE_PORT: String(consolePort),
      ...environment,
    },
    stdio: 'ignore',
  });
  const url = `http://127.0.0.1:${consolePort}`;
  await expect.poll(() => answers(url), { timeout: 60_000 }).toBe(true);
  return {
    url,
    cutEngine: engine.close,
    reconnectEngine: async () => {
      await engine.open(enginePort);
    },
    freezeEngine: engine.freeze,
    thawEngine: engine.thaw,
    [Symbol.asyncDispose]: async () => {
      const ended = once(child, 'exit');
      // It has no state, and a polite end would wait for the open page's event stream.
      child.kill('SIGKILL');
      await ended;
      await engine.close();
    },
  };
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
}

/** A port that passes every connection on to the engine's port while it is open. */
function createEnginePort(targetPort: number) {
  const sockets = new Set<Socket>();
  let server: Server | null = null;
  let isFrozen = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  const join = (from: Socket, to: Socket): void => {
    keep(from);
    from.on('close', () => to.destroy());
    from.pipe(to);
  };
  return {
    open: async (port: number): Promise<number> => {
      server = createServer((client) => {
        if (isFrozen) {
          keep(client);
          return;
        }
        const upstream = connect(targetPort, '127.0.0.1');
        join(client, upstream);
        join(upstream, client);
      }).listen(port, '127.0.0.1');
      await once(server, 'listening');
      return portOf(server);
    },
    freeze: (): void => {
      isFrozen = true;
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    thaw: (): void => {
      isFrozen = false;
      for (const socket of sockets) socket.destroy();
    },
    close: async (): Promise<void> => {
      if (server === null) return;
      const closed = once(server, 'close');
      server.close();
      server = null;
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  await once(server.close(), 'close');
  return port;
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
