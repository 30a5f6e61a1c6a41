import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { findServerPrograms, type ProgramStart, startProgram } from './server-programs.ts';

const ownAccount = { ids: null, setpriv: null };

function program(file: string, ...args: string[]): ProgramStart {
  return { account: ownAccount, file, args, directory: tmpdir(), diesWithParent: false };
}

test('a program that succeeds ends with null, one that fails with its last output', async () => {
  const lines: string[] = [];
  const script = 'console.log("first"); console.error("no space left"); process.exitCode = Number(process.argv[1]);';
  const succeeded = await startProgram(program(process.execPath, '-e', script, '0'));
  const failed = await startProgram({
    ...program(process.execPath, '-e', script, '3'),
    onLog: (line) => lines.push(line),
  });
  expect([await succeeded.ended, succeeded.exitCode()]).toEqual([null, 0]);
  expect([await failed.ended, failed.exitCode()]).toEqual([expect.stringContaining('no space left'), 3]);
  expect(lines.sort()).toEqual(['first', 'no space left']);
});

test('a program that cannot be started ends with the reason of the system', async () => {
  const missing = await startProgram(program('/nowhere/postgres'));
  expect([await missing.ended, missing.exitCode()]).toEqual([expect.stringContaining('ENOENT'), -1]);
});

test('a program that a signal ends has the exit code -1', async () => {
  const endless = await startProgram(program(process.execPath, '-e', 'setInterval(() => undefined, 1000)'));
  expect(endless.exitCode()).toBeNull();
  endless.signal('SIGQUIT');
  expect([await endless.ended, endless.exitCode()]).toEqual(['', -1]);
});

test('without setpriv, a directory that the account cannot enter is EMC-1003 with the command that grants access', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'emcachers-closed-'));
  const start = { ...program(process.execPath), account: { ids: { uid: 65_534, gid: 65_534 }, setpriv: null } };
  await expect(startProgram({ ...start, directory: join(parent, 'data') })).rejects.toMatchObject({
    code: 'EMC-1003',
    hint: expect.stringContaining(`chmod o+x ${parent}`),
  });
  await rm(parent, { recursive: true });
});

test('a platform without an embedded PostgreSQL is EMC-3001 and names DATABASE_URL', async () => {
  const { arch } = process;
  Object.defineProperty(process, 'arch', { value: 'vax' });
  try {
    await expect(findServerPrograms()).rejects.toMatchObject({
      code: 'EMC-3001',
      detail: expect.stringContaining('-vax'),
      hint: expect.stringContaining('DATABASE_URL'),
    });
  } finally {
    Object.defineProperty(process, 'arch', { value: arch });
  }
});
