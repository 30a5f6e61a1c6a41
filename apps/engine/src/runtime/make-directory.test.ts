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

test('creates missing parents and does not change an existing directory', () => {
  const wanted = path.join(temporaryDirectory(), 'one/two/three');
  makeDirectory(wanted);
  makeDirectory(wanted);
  expect(statSync(wanted).isDirectory()).toBe(true);
});

test('throws if a file has the name of the directory', () => {
  const folder = temporaryDirectory();
  writeFileSync(path.join(folder, 'file'), '');
  expect(() => makeDirectory(path.join(folder, 'file/below'))).toThrow(/ENOTDIR/);
});

test.skipIf(process.platform !== 'linux')('throws instead of looping if a parent fails with ENOENT', () => {
  expect(() => makeDirectory('/proc/nowhere/below')).toThrow(/ENOENT/);
});
