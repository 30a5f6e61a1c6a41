import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';

/** Starts the server in a process of its own, which prints the address and keeps running. */
const script = `
  const { startServerProcess } = await import(${JSON.stringify(new URL('./server-process.ts', import.meta.url).href)});
  const server = await startServerProcess(['--memory', '--port', '0']);
  console.log(new URL(server.url).port);
  setInterval(() => undefined, 1000);`;

test('the server ends when the process that started it is killed', async () => {
  const starter = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [port] = (await once(createInterface({ input: starter.stdout }), 'line')) as [string];
  // The server closes its connections when it ends.
  const connection = createConnection(Number(port), '127.0.0.1');
  await once(connection, 'connect');
  const closed = once(connection.resume(), 'close');
  starter.kill('SIGKILL');
  await closed;
  const again = createConnection(Number(port), '127.0.0.1');
  const [error] = (await once(again, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
});
