import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { isSocketError } from './socket-error.ts';

/** What a write gives after the other side has closed the connection. */
async function errorOfLateWrite(): Promise<unknown> {
  const server = createServer((socket) => socket.end());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port.');
  const socket = connect(address.port, '127.0.0.1');
  socket.resume();
  await once(socket, 'end');
  const failed = once(socket, 'error');
  socket.write('late');
  const [error] = await failed;
  server.close();
  return error;
}

test('a write to a connection that the other side has ended is a socket error', async () => {
  expect(isSocketError(await errorOfLateWrite())).toBe(true);
});

test('a missing file, an error without a code and a text are not socket errors', () => {
  expect(isSocketError(Object.assign(new Error('no such file'), { code: 'ENOENT', syscall: 'open' }))).toBe(false);
  expect(isSocketError(new TypeError('defect'))).toBe(false);
  expect(isSocketError('EPIPE')).toBe(false);
});
