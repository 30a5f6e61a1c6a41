import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { identity, temporaryDirectory } from '../../../test/support/test-cache.ts';
import { CacheShelf } from './cache-shelf.ts';

test('what a creation leaves that was killed is no cache and no damage: the next creation has the same number and removes it', () => {
  using directory = temporaryDirectory();
  const files = join(directory.path, 'dbs/orders');
  mkdirSync(files, { recursive: true });
  for (const name of ['db.g1.sqlite.new', 'db.g1.sqlite.new-wal', 'db.g1.sqlite.new-shm'])
    writeFileSync(join(files, name), 'not finished');
  const shelf = new CacheShelf({
    dataDirectory: directory.path,
    idleMs: 1_000,
    graceMs: 100,
    openFilesMax: 10,
    changesKept: 100,
  });
  try {
    expect(shelf.open(identity, 0)).toEqual({ kind: 'absent' });
    expect(shelf.build(identity, 0)).toMatchObject({ generation: 1, offset: 0, documents: 0 });
    expect(readdirSync(files).filter((name) => name.includes('.new'))).toEqual([]);
  } finally {
    shelf.close();
  }
});
