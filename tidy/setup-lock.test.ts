import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { withSetupLock } from '../scripts/setup-lock.mjs';

const script = `
  const { withSetupLock } = await import(${JSON.stringify(new URL('../scripts/setup-lock.mjs', import.meta.url).href)});
  await withSetupLock({ root: process.argv[1], onWait: () => console.log('waiting') }, async () => {
    console.log('held');
    await new Promise((resolve) => process.stdin.once('end', resolve).resume());
  });`;

interface Command {
  readonly child: ChildProcess;
  line(): Promise<string>;
  [Symbol.dispose](): void;
}

function startCommand(root: string): Command {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, root], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    line: async () => String((await lines.next()).value),
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}

const uniqueRoot = () => `/clone-${process.pid}-${performance.now()}`;

test('a second command waits until the first has prepared the clone', async () => {
  const root = uniqueRoot();
  using first = startCommand(root);
  expect(await first.line()).toBe('held');
  using second = startCommand(root);
  expect(await second.line()).toBe('waiting');
  const next = second.line();
  first.child.stdin?.end();
  expect(await next).toBe('held');
  second.child.stdin?.end();
  expect(await once(second.child, 'exit')).toEqual([0, null]);
});

test('the lock of a killed command is free', async () => {
  const root = uniqueRoot();
  using killed = startCommand(root);
  expect(await killed.line()).toBe('held');
  using second = startCommand(root);
  expect(await second.line()).toBe('waiting');
  killed.child.kill('SIGKILL');
  expect(await second.line()).toBe('held');
});

test('a stopped command does not wait', async () => {
  const root = uniqueRoot();
  using first = startCommand(root);
  expect(await first.line()).toBe('held');
  const stopping = new AbortController();
  const options = { root, onWait: () => stopping.abort('Ctrl-C'), signal: stopping.signal };
  await expect(withSetupLock(options, async () => 'done')).rejects.toBe('Ctrl-C');
});

test('work that fails releases the lock, and another clone has a lock of its own', async () => {
  const root = uniqueRoot();
  const onWait = () => expect.unreachable('nothing holds this lock');
  const failed = withSetupLock({ root, onWait }, () => Promise.reject(new Error('no network')));
  await expect(failed).rejects.toThrow('no network');
  const both = withSetupLock({ root, onWait }, () => withSetupLock({ root: `${root}-2`, onWait }, async () => 'both'));
  expect(await both).toBe('both');
});
