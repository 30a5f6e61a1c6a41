import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { batchOf, identity, temporaryDirectory } from '../../../test/support/test-cache.ts';
import { CacheFile } from './cache-file.ts';

/** As an application reads it, in any language. */
function readSourceTime(path: string): unknown {
  const database = new Sqlite(path, { readonly: true });
  try {
    return database.prepare("SELECT value FROM metadata WHERE key = 'source_time'").pluck().get();
  } finally {
    database.close();
  }
}

const newest = 0xffff_ffff_ffff_ffffn;

test('the source time is text in decimal, exact in all 64 bits, and commits with the rows', () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'db.g1.sqlite');
  const file = CacheFile.create(path, identity, 1);
  expect(readSourceTime(path)).toBeUndefined();
  file.apply({ ...batchOf(0, ['a', 1]), sourceTime: newest });
  expect(readSourceTime(path)).toBe('18446744073709551615');
  file.close();
  const again = CacheFile.open(path, identity);
  expect(again.metadata.sourceTime).toBe(newest);
  again.close();
});

test('it moves without rows, never back, and not with a batch that is older than the file', () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'db.g1.sqlite');
  const file = CacheFile.create(path, identity, 1);
  file.apply({ ...batchOf(0, ['a', 1], ['b', 2]), sourceTime: 10n });
  const idle = { ...batchOf(2), offset: 2, version: null };
  file.apply({ ...idle, sourceTime: 12n });
  expect(readSourceTime(path)).toBe('12');
  file.apply({ ...idle, sourceTime: 11n });
  file.apply({ ...batchOf(0, ['a', 3]), sourceTime: 20n });
  expect(readSourceTime(path)).toBe('12');
  expect(file.metadata).toMatchObject({ offset: 2, documents: 2, sourceTime: 12n });
  file.close();
});

test('it is absent once changes are missing', () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, 'db.g1.sqlite');
  const file = CacheFile.create(path, identity, 1);
  file.apply({ ...batchOf(0, ['a', 1]), sourceTime: 10n });
  file.apply({ ...batchOf(1), offset: 1, version: null, sourceTime: null });
  expect(readSourceTime(path)).toBeUndefined();
  file.close();
});
