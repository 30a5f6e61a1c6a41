import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeDirectory } from './make-directory.ts';

function temporaryDirectory(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'emcachers-make-directory-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('missing parents are made, and a directory that exists is left alone', () => {
  const wanted = path.join(temporaryDirectory(), 'one/two/three');
  makeDirectory(wanted);
  makeDirectory(wanted);
  expect(statSync(wanted).isDirectory()).toBe(true);
});

test('a file in the way is an error', () => {
  const folder = temporaryDirectory();
  writeFileSync(path.join(folder, 'file'), '');
  expect(() => makeDirectory(path.join(folder, 'file/below'))).toThrow(/ENOTDIR/);
});

test.skipIf(process.platform !== 'linux')('a parent that refuses with ENOENT ends in an error, not in a loop', () => {
  expect(() => makeDirectory('/proc/nowhere/below')).toThrow(/ENOENT/);
});
