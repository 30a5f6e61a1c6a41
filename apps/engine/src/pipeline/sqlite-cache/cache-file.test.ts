import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { batchOf, identity, temporaryDirectory } from '../../../test/support/test-cache.ts';
import { CacheFile } from './cache-file.ts';

function openFile() {
  const directory = temporaryDirectory();
  const path = join(directory.path, 'db.g1.sqlite');
  const file = CacheFile.create(path, identity, 1);
  const other = new Sqlite(path);
  return {
    file,
    other,
    stored: () => ({
      docIds: other.prepare('SELECT doc_id FROM orders ORDER BY doc_id').pluck().all(),
      offset: Number(other.prepare("SELECT value FROM metadata WHERE key = 'offset'").pluck().get()),
    }),
    [Symbol.dispose]() {
      other.close();
      file.close();
      directory[Symbol.dispose]();
    },
  };
}

test.each([
  ['the offset', 'BEFORE UPDATE ON metadata'],
  ['a row', 'BEFORE INSERT ON orders'],
])('I5: if %s cannot be written, neither rows nor offset are', (_what, moment) => {
  using opened = openFile();
  const { file, other, stored } = opened;
  file.apply(batchOf(0, ['a', 1]));
  other.exec(`CREATE TRIGGER refuse ${moment} BEGIN SELECT RAISE(ABORT, 'refused'); END`);
  expect(() => file.apply(batchOf(1, ['b', 2], ['a', null]))).toThrow('refused');
  expect(stored()).toEqual({ docIds: ['a'], offset: 1 });
  expect(file.metadata).toMatchObject({ offset: 1, documents: 1 });
  other.exec('DROP TRIGGER refuse');
  file.apply(batchOf(1, ['b', 2], ['a', null]));
  expect(stored()).toEqual({ docIds: ['b'], offset: 3 });
  expect(file.metadata).toMatchObject({ offset: 3, documents: 1 });
});

test.each([9, 99, 999])('offsets are compared as numbers, not as text: an entry after %i is applied', (before) => {
  using opened = openFile();
  const { file, stored } = opened;
  file.apply({ ...batchOf(0, ['a', 1]), offset: before });
  file.apply(batchOf(before, ['b', 2]));
  expect(stored()).toEqual({ docIds: ['a', 'b'], offset: before + 1 });
});
