import { copyFileSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { batchOf, identity, temporaryDirectory } from '../../../test/support/test-cache.ts';
import { CacheShelf } from './cache-shelf.ts';

const limits = { idleMs: 1_000, graceMs: 100, openFilesMax: 10, changesKept: 100 };
const documents = Array.from({ length: 2_000 }, (_, index) => [`doc ${index}`, index] as const);

function setUp() {
  const directory = temporaryDirectory();
  const shelf = new CacheShelf({ dataDirectory: directory.path, ...limits });
  return {
    shelf,
    files: join(directory.path, 'dbs/orders'),
    copy: join(directory.path, 'copy.sqlite'),
    [Symbol.dispose]() {
      shelf.close();
      directory[Symbol.dispose]();
    },
  };
}

function contents(path: string): { rows: unknown; offset: unknown; documents: unknown; check: unknown } {
  const database = new Sqlite(path, { readonly: true, fileMustExist: true });
  const one = (sql: string): unknown => database.prepare(sql).pluck().get();
  const metadata = (key: string): number =>
    Number(database.prepare('SELECT value FROM metadata WHERE key = ?').pluck().get(key));
  const found = {
    rows: one('SELECT count(*) FROM orders'),
    offset: metadata('offset'),
    documents: metadata('documents'),
    check: database.pragma('integrity_check', { simple: true }),
  };
  database.close();
  return found;
}

test('a published file is complete without its -wal, as a lost one or a plain copy of the file leaves it', () => {
  using world = setUp();
  const { shelf, files, copy } = world;
  shelf.build(identity, 0);
  shelf.apply(batchOf(0, ...documents), 0);
  shelf.publish(1, 0);
  copyFileSync(join(files, 'db.sqlite'), copy);
  expect(contents(copy)).toEqual({ rows: 2_000, offset: 2_000, documents: 2_000, check: 'ok' });
});

test('a file whose log cannot be emptied is not published (EMC-4004), and is published once the reader has ended', () => {
  using world = setUp();
  const { shelf, files } = world;
  shelf.build(identity, 0);
  const reader = new Sqlite(join(files, 'db.g1.sqlite'), { readonly: true });
  reader.exec('BEGIN; SELECT * FROM orders');
  shelf.apply(batchOf(0, ...documents), 0);
  expect(() => shelf.publish(1, 0)).toThrow('EMC-4004');
  expect(existsSync(join(files, 'db.sqlite'))).toBe(false);
  reader.close();
  expect(shelf.publish(1, 0)).toMatchObject({ published: true, documents: 2_000 });
});

test('publishing leaves nothing beside the file but its log and the link', () => {
  using world = setUp();
  const { shelf, files } = world;
  shelf.build(identity, 0);
  shelf.apply(batchOf(0, ...documents), 0);
  shelf.publish(1, 0);
  expect(readdirSync(files).sort()).toEqual(['db.g1.sqlite', 'db.g1.sqlite-shm', 'db.g1.sqlite-wal', 'db.sqlite']);
});

test.each([
  ['VACUUM INTO', (source: Sqlite.Database, copy: string) => source.exec(`VACUUM INTO '${copy}'`)],
  [
    'the backup API in one step',
    (source: Sqlite.Database, copy: string) => source.backup(copy, { progress: () => 2 ** 31 - 1 }),
  ],
])('a copy made with %s is one place in the order of the oplog, and later changes do not reach it', async (_, make) => {
  using world = setUp();
  const { shelf, files, copy } = world;
  shelf.build(identity, 0);
  shelf.apply(batchOf(0, ...documents), 0);
  shelf.publish(1, 0);
  // In the log only: a copy of the file alone would miss them.
  shelf.apply(batchOf(2_000, ['doc 0', null], ['new', 1], ['newer', 2]), 0);
  const source = new Sqlite(join(files, 'db.sqlite'), { readonly: true, fileMustExist: true });
  const made = make(source, copy);
  shelf.apply(batchOf(2_003, ['doc 1', null]), 0);
  await made;
  source.close();
  expect(contents(copy)).toMatchObject({ check: 'ok' });
  const { rows, offset, documents: counted } = contents(copy);
  expect([rows, offset, counted]).toEqual(offset === 2_003 ? [2_001, 2_003, 2_001] : [2_000, 2_004, 2_000]);
});
