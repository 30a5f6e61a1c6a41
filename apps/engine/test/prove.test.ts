import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';

const root = path.join(import.meta.dirname, '../../..');
const exitWithParent = path.join(root, 'scripts/exit-with-parent.mjs');

async function prove(...words: readonly string[]): Promise<{ readonly code: unknown; readonly text: string }> {
  const args = ['--import', exitWithParent, path.join(root, 'prove/prove.ts'), ...words];
  const child: ChildProcess = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  const [code] = await once(child, 'close');
  return { code, text };
}

test('I1: after ten thousand random changes under random faults, every cache equals what an independent oracle expects', {
  timeout: 600_000,
}, async () => {
  const size = ['--rounds', '3', '--operations', '3400', '--faults', '6', '--engines', '2'];
  const { code, text } = await prove('--seed', '20261127', '--minutes', '0', ...size);
  expect(text).toMatch(/rounds 3, restarts \d+, wrong 0\n$/);
  expect(code).toBe(0);
});
