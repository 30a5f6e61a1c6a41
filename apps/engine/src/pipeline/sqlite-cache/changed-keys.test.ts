import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { batchOf, identity, temporaryDirectory } from '../../../test/support/test-cache.ts';
import { CacheFile } from './cache-file.ts';

/** As an application reads them, in any language. */
function readChanges(path: string): { range: unknown; rows: unknown[] } {
  const database = new Sqlite(path, { readonly: true });
  try {
    const value = database.prepare("SELECT value FROM metadata WHERE key = 'changes'").pluck().get();
    const rows = database
      .prepare('SELECT number, offset, value ->> 0, value ->> 1 FROM "emc:changes", json_each(changes) ORDER BY number')
      .raw()
      .all();
    return { range: JSON.parse(String(value)), rows };
  } finally {
    database.close();
  }
}

test('the newest changes are kept, numbered without a gap, also by the next engine', () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'db.g1.sqlite');
  const file = CacheFile.create(path, identity, 1);
  file.apply(batchOf(0, ['a', 1]));
  file.keepChanges(3);
  file.apply(batchOf(1, ['d', 2], ['a', 3]));
  file.close();
  const again = CacheFile.open(path, identity);
  again.keepChanges(3);
  again.apply(batchOf(3, ['b', 4]));
  again.apply(batchOf(4, ['c', 5], ['a', null]));
  again.close();
  expect(readChanges(path)).toEqual({
    range: { first: 3, last: 5, offset: 6 },
    rows: [
      [3, 4, 'b', 'inserted'],
      [4, 6, 'a', 'deleted'],
      [4, 6, 'c', 'inserted'],
    ],
  });
});

test('a transaction with more changes than are kept is not kept, nor is any before it', () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'db.g1.sqlite');
  const file = CacheFile.create(path, identity, 1);
  file.keepChanges(2);
  file.apply(batchOf(0, ['a', 1]));
  file.apply(batchOf(1, ['b', 2], ['c', 3], ['d', 4]));
  file.close();
  expect(readChanges(path)).toEqual({ range: { first: 5, last: 4, offset: 4 }, rows: [] });
});

test('changes that were not recorded leave a gap in the numbers, so that nobody takes the rest for all', () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'db.g1.sqlite');
  const file = CacheFile.create(path, identity, 1);
  file.keepChanges(10);
  file.apply(batchOf(0, ['a', 1]));
  file.close();
  const older = CacheFile.open(path, identity);
  older.apply(batchOf(1, ['b', 2]));
  older.close();
  const newer = CacheFile.open(path, identity);
  newer.keepChanges(10);
  newer.apply(batchOf(2, ['c', 3]));
  newer.close();
  expect(readChanges(path)).toEqual({ range: { first: 3, last: 3, offset: 3 }, rows: [[3, 3, 'c', 'inserted']] });
});

test('a transaction that is rolled back records nothing, and the next one goes on', () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'db.g1.sqlite');
  const file = CacheFile.create(path, identity, 1);
  file.keepChanges(10);
  file.apply(batchOf(0, ['a', 1]));
  const broken = batchOf(1, ['b', 2], ['c', 3]);
  expect(() => file.apply({ ...broken, data: [broken.data[0] ?? null, 'not a row'] })).toThrow();
  file.keepChanges(10);
  file.apply(batchOf(1, ['d', 4]));
  file.close();
  expect(readChanges(path).rows).toEqual([
    [1, 1, 'a', 'inserted'],
    [2, 2, 'd', 'inserted'],
  ]);
});

test('without changes to keep, the table goes', () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'db.g1.sqlite');
  const file = CacheFile.create(path, identity, 1);
  file.keepChanges(10);
  file.apply(batchOf(0, ['a', 1]));
  file.keepChanges(0);
  file.apply(batchOf(1, ['b', 2]));
  file.close();
  expect(() => readChanges(path)).toThrow('no such table');
});
