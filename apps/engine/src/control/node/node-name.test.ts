import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { silentLog } from '@emcachers/core/log';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../test/support/test-cache.ts';
import { openLocalMetadata } from './local-metadata.ts';
import { nodeName } from './node-name.ts';

test('a configured name is used, and nothing is stored', () => {
  using directory = temporaryDirectory();
  expect(nodeName(directory.path, 'berlin-1', silentLog)).toBe('berlin-1');
  expect(nodeName(directory.path, null, silentLog)).not.toBe('berlin-1');
});

test('a generated name survives restarts, and two data directories have different names', () => {
  using one = temporaryDirectory();
  using other = temporaryDirectory();
  const name = nodeName(one.path, null, silentLog);
  expect(name).toMatch(/^[A-Za-z0-9-]{1,40}-[0-9a-f]{6}$/);
  expect(nodeName(one.path, null, silentLog)).toBe(name);
  expect(nodeName(other.path, null, silentLog)).not.toBe(name);
});

test('local values survive a restart, are replaced by later ones, and are undefined before the first write', () => {
  using directory = temporaryDirectory();
  const dataDir = path.join(directory.path, 'not', 'yet', 'there');
  const first = openLocalMetadata(dataDir, silentLog);
  expect(first.read('a')).toBeUndefined();
  first.write('a', 'text');
  first.write('b', null);
  first.write('a', 7);
  first.close();
  const second = openLocalMetadata(dataDir, silentLog);
  expect([second.read('a'), second.read('b')]).toEqual([7, null]);
  second.close();
});

const garbage = 'not a database '.repeat(100);

test.each([
  ['garbage', (file: string) => writeFileSync(file, garbage)],
  [
    'a damaged page',
    (file: string) => {
      openLocalMetadata(path.dirname(file), silentLog).close();
      const descriptor = openSync(file, 'r+');
      writeSync(descriptor, Buffer.alloc(4_096, 0xab), 0, 4_096, 4_096);
      closeSync(descriptor);
    },
  ],
  [
    'another table of that name',
    (file: string) => {
      const database = new Sqlite(file);
      database.exec('CREATE TABLE metadata (other TEXT)');
      database.close();
    },
  ],
  ['a directory', (file: string) => mkdirSync(file)],
])('%s in place of local.sqlite costs a name and no start, and is kept for the operator', (_, spoil) => {
  using directory = temporaryDirectory();
  const file = path.join(directory.path, 'local.sqlite');
  spoil(file);
  const name = nodeName(directory.path, null, silentLog);
  expect(nodeName(directory.path, null, silentLog)).toBe(name);
  expect(existsSync(`${file}.unusable-1`)).toBe(true);
  expect(existsSync(`${file}.unusable-2`)).toBe(false);
});

test('what is not usable is set aside unchanged, and no -wal of it stays under the name of the new file', () => {
  using directory = temporaryDirectory();
  const file = path.join(directory.path, 'local.sqlite');
  writeFileSync(file, garbage);
  writeFileSync(`${file}-wal`, garbage);
  nodeName(directory.path, null, silentLog);
  expect(readFileSync(`${file}.unusable-1`, 'utf8')).toBe(garbage);
  expect(existsSync(`${file}-wal`)).toBe(false);
});

test('a value that is not JSON counts as missing', () => {
  using directory = temporaryDirectory();
  const name = nodeName(directory.path, null, silentLog);
  const database = new Sqlite(path.join(directory.path, 'local.sqlite'));
  database.exec("UPDATE metadata SET value = 'garbage'");
  database.close();
  expect(nodeName(directory.path, null, silentLog)).not.toBe(name);
});
