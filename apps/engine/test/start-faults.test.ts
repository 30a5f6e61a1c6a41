import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { startEngineProcess } from './support/engine-process.ts';
import { createStack } from './support/stack.ts';

/** Nobody listens on port 1 of this machine. */
const nowhere = '127.0.0.1:1';

async function lastWords(environment: Record<string, string>) {
  await using running = startEngineProcess(environment);
  const { code, words } = await running.ended;
  expect(code).toBe(1);
  return words;
}

test('a missing prerequisite ends the start with one message that names the variable', async () => {
  await using stack = await createStack();
  const words = await Promise.all([
    lastWords(stack.environment({ MONGO_URL: `mongodb://app:hunter2@${nowhere}/?directConnection=true` })),
    lastWords(stack.environment({ DATABASE_URL: `postgres://app:hunter2@${nowhere}/emc` })),
  ]);
  expect(words[0]).toMatch(/EMC-2001.*MONGO_URL/s);
  expect(words[1]).toMatch(/EMC-3001.*DATABASE_URL/s);
  expect(words.join()).not.toContain('hunter2');
  expect(await lastWords(stack.environment({ MONGO_URL: '' }))).toMatch(/EMC-1001.*MONGO_URL is not set/s);
  expect(await lastWords(stack.environment({ EMCACHERS_DATA_DIR: '/proc/nowhere' }))).toMatch(
    /EMC-1003.*EMCACHERS_DATA_DIR/s,
  );
});

test('the error for a port in use names the variable', async () => {
  await using stack = await createStack();
  const other = createServer();
  await new Promise<void>((resolve) => {
    other.listen(0, '127.0.0.1', resolve);
  });
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  expect(await lastWords(stack.environment({ ENGINE_PORT: String(port) }))).toMatch(/EMC-1002.*ENGINE_PORT/s);
  other.close();
});
