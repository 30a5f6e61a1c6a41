// One npm command at a time may change what all of them use in this clone: node_modules, the Prisma client, the console's build.
// It has no dependencies because `bootstrap.mjs` uses it before anything is installed.
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';

/**
 * Runs `work` while no other process of this clone runs one. The lock is a listening socket: the system releases it when its
 * holder dies, and who waits holds a connection, which closes at the release.
 *
 * @template Result
 * @param {{ root: string, onWait: () => void, signal?: AbortSignal }} options `onWait` is called once if another process holds the
 * lock; the signal ends the wait.
 * @param {() => Promise<Result>} work
 * @returns {Promise<Result>}
 */
export async function withSetupLock({ root, onWait, signal }, work) {
  const address = addressOf(root);
  let isWaiting = false;
  let held = await listen(address);
  while (held === null) {
    if (!isWaiting) onWait();
    isWaiting = true;
    await untilReleased(address, signal);
    signal?.throwIfAborted();
    held = await listen(address);
  }
  try {
    return await work();
  } finally {
    held.release();
  }
}

/** Linux and Windows have socket names that are not files. Elsewhere it is a file, which a killed holder leaves behind. */
function addressOf(root) {
  const name = `emcachers-setup-${createHash('sha256').update(root).digest('hex').slice(0, 16)}`;
  if (process.platform === 'linux') return `\0${name}`;
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`;
  return path.join(tmpdir(), `${name}.sock`);
}

/** Null if another process holds the lock. */
function listen(address) {
  const waiters = new Set();
  const server = createServer((socket) => {
    waiters.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => waiters.delete(socket));
    socket.unref();
  });
  const release = () => {
    server.close();
    for (const socket of waiters) socket.destroy();
  };
  return new Promise((resolve, reject) => {
    server.once('error', (error) => (error.code === 'EADDRINUSE' ? resolve(null) : reject(error)));
    server.listen(address, () => {
      server.unref();
      resolve({ release });
    });
  });
}

function untilReleased(address, signal) {
  return new Promise((resolve) => {
    const socket = connect({ path: address, signal });
    socket.once('error', (error) => {
      if (error.code === 'ECONNREFUSED' && path.isAbsolute(address)) rmSync(address, { force: true });
    });
    socket.once('close', resolve);
  });
}
