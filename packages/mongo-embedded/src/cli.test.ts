import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MongoClient } from 'mongodb';
import { expect, test } from 'vitest';
import { parseCommandLine } from './cli.ts';
import { scratchFolder } from './testing/scratch-store.ts';

const command = fileURLToPath(new URL('../bin/mongo-embedded.mjs', import.meta.url));

test('reads its options and refuses what it does not know', () => {
  expect(parseCommandLine(['--memory'])).toEqual({ memory: true, port: 27117 });
  expect(parseCommandLine(['--path', 'data', '--port', '0', '--history-bytes', '5'])).toEqual({
    path: 'data',
    port: 0,
    historyBytesMax: 5,
  });
  expect(parseCommandLine(['--help'])).toBeNull();
  for (const wrong of [[], ['--memory', '--path', 'x'], ['--memory', '--port', 'x'], ['--unheard-of']]) {
    expect(() => parseCommandLine(wrong)).toThrow(TypeError);
  }
});

test('prints its address, serves, and ends with 0 on SIGTERM', async () => {
  using folder = scratchFolder();
  const child = spawn(process.execPath, [command, '--path', folder.path, '--port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  // A driver that closes after its server is gone looks for it for as long as this.
  await using client = await new MongoClient(line.toString().trim(), { serverSelectionTimeoutMS: 3_000 }).connect();
  expect(await client.db('shop').command({ ping: 1 })).toMatchObject({ ok: 1 });
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});
