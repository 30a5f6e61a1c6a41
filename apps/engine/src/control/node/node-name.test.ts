import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDirectory } from '../../../test/support/test-cache.ts';
import { openLocalMetadata } from './local-metadata.ts';
import { nodeName } from './node-name.ts';

test('a configured name is used, and nothing is stored', () => {
  using directory = temporaryDirectory();
  expect(nodeName(directory.path, 'berlin-1')).toBe('berlin-1');
  expect(nodeName(directory.path, null)).not.toBe('berlin-1');
});

test('a generated name survives restarts, and two data directories have different names', () => {
  using one = temporaryDirectory();
  using other = temporaryDirectory();
  const name = nodeName(one.path, null);
  expect(name).toMatch(/^[A-Za-z0-9-]{1,40}-[0-9a-f]{6}$/);
  expect(nodeName(one.path, null)).toBe(name);
  expect(nodeName(other.path, null)).not.toBe(name);
});

test('local values survive a restart, are replaced by later ones, and are undefined before the first write', () => {
  using directory = temporaryDirectory();
  const dataDir = path.join(directory.path, 'not', 'yet', 'there');
  const first = openLocalMetadata(dataDir);
  expect(first.read('a')).toBeUndefined();
  first.write('a', 'text');
  first.write('b', null);
  first.write('a', 7);
  first.close();
  const second = openLocalMetadata(dataDir);
  expect([second.read('a'), second.read('b')]).toEqual([7, null]);
  second.close();
});

test('a damaged local.sqlite is EMC-1003 and is left as it is', () => {
  using directory = temporaryDirectory();
  const file = path.join(directory.path, 'local.sqlite');
  const damaged = 'not a database '.repeat(100);
  writeFileSync(file, damaged);
  const refused = expect.objectContaining({ code: 'EMC-1003', detail: expect.stringContaining(file) });
  expect(() => nodeName(directory.path, null)).toThrowError(refused);
  expect(readFileSync(file, 'utf8')).toBe(damaged);
});
