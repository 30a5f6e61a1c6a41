import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
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

test('reads certificates and the password from files, so that the command line holds no secret', () => {
  using folder = scratchFolder();
  const [file, password] = [join(folder.path, 'pem'), join(folder.path, 'password')];
  writeFileSync(file, 'PEM');
  writeFileSync(password, 'p w\n');
  const tls = ['--tls-cert', file, '--tls-key', file, '--tls-client-ca', file];
  expect(parseCommandLine(['--memory', ...tls, '--user', 'ada', '--password-file', password])).toMatchObject({
    tls: { cert: 'PEM', key: 'PEM', clientCa: 'PEM' },
    users: [{ name: 'ada', password: 'p w' }],
  });
  const incomplete = [
    ['--tls-cert', file],
    ['--tls-client-ca', file],
    ['--user', 'ada'],
    ['--password-file', password],
  ];
  for (const part of incomplete) expect(() => parseCommandLine(['--memory', ...part])).toThrow(/Give both/);
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
