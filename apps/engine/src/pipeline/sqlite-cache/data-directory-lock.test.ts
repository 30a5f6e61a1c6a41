import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../test/support/test-cache.ts';
import { holdDataDirectory } from './data-directory-lock.ts';

function setUp() {
  const directory = temporaryDirectory();
  return { ...directory, file: join(directory.path, 'caches.lock') };
}

test('a directory has one holder, and another can hold it after the release (EMC-1003)', () => {
  using world = setUp();
  const first = holdDataDirectory(world.path);
  expect(() => holdDataDirectory(world.path)).toThrow('another engine holds it');
  first.release();
  holdDataDirectory(world.path).release();
});

test('garbage in the lock file costs nothing, and one holder remains the only one', () => {
  using world = setUp();
  writeFileSync(world.file, 'not a database '.repeat(100));
  const lock = holdDataDirectory(world.path);
  expect(lock.isHeld()).toBe(true);
  expect(() => holdDataDirectory(world.path)).toThrow('another engine holds it');
  lock.release();
});

test('garbage that is written into a held lock file does not let a second holder in', () => {
  using world = setUp();
  const lock = holdDataDirectory(world.path);
  writeFileSync(world.file, 'not a database '.repeat(100));
  lock.release();
  const second = holdDataDirectory(world.path);
  expect(() => holdDataDirectory(world.path)).toThrow('another engine holds it');
  second.release();
});

test('a directory in place of the lock file is set aside with its contents', () => {
  using world = setUp();
  mkdirSync(world.file);
  writeFileSync(join(world.file, 'mine.txt'), 'mine');
  holdDataDirectory(world.path).release();
  expect(readdirSync(world.path)).toContain('caches.lock.unusable-1');
  expect(readdirSync(join(world.path, 'caches.lock.unusable-1'))).toEqual(['mine.txt']);
});

test.each([
  ['removed', (file: string) => rmSync(file)],
  ['moved away', (file: string) => renameSync(file, `${file}.old`)],
  [
    'replaced',
    (file: string) => {
      rmSync(file);
      writeFileSync(file, '');
    },
  ],
])('a holder whose lock file was %s no longer holds the directory until it takes it again', (_, change) => {
  using world = setUp();
  const first = holdDataDirectory(world.path);
  change(world.file);
  expect(first.isHeld()).toBe(false);
  expect(first.takeAgain()).toBe(true);
  expect(first.isHeld()).toBe(true);
  expect(() => holdDataDirectory(world.path)).toThrow('another engine holds it');
  first.release();
});

test('a holder that lost its lock file does not take the directory from the engine that holds it now', () => {
  using world = setUp();
  const first = holdDataDirectory(world.path);
  rmSync(world.file);
  const second = holdDataDirectory(world.path);
  expect([first.isHeld(), first.takeAgain(), first.isHeld()]).toEqual([false, false, false]);
  expect(second.isHeld()).toBe(true);
  second.release();
  expect(first.takeAgain()).toBe(true);
  first.release();
});
