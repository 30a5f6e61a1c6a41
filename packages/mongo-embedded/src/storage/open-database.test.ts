import { join } from 'node:path';
import Sqlite from 'better-sqlite3';
import { serialize } from 'bson';
import { expect, test } from 'vitest';
import { compileFilter } from '../query/filter.ts';
import { scratchFolder, scratchStore, stored } from '../testing/scratch-store.ts';
import { planIndex } from './index-plan.ts';

test('a file of format 1 is opened, and its indexes get the entries that reads need', () => {
  using folder = scratchFolder();
  {
    using scratch = scratchStore({ path: folder.path });
    const { access, store } = scratch;
    const collection = access.collectionForWrite('shop', 'items');
    const specification = Buffer.from(serialize({ v: 2, key: { n: 1 }, name: 'n_1' }));
    store.catalog.createIndex(collection, specification, { isReady: true });
    for (let n = 0; n < 5; n += 1) access.insert(collection, stored({ _id: n, n: [n, n + 1] }), access.stamp());
  }
  const file = new Sqlite(join(folder.path, 'mongo-embedded.sqlite'));
  file.exec(`DROP TABLE x_1; CREATE TABLE x_1(k BLOB PRIMARY KEY, r INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    ALTER TABLE collection_index DROP COLUMN state; ALTER TABLE collection_index DROP COLUMN is_multikey;
    DROP TABLE session_part; PRAGMA user_version = 1`);
  file.close();
  using scratch = scratchStore({ path: folder.path });
  const collection = scratch.access.collection('shop', 'items');
  if (collection === undefined) throw new Error('the collection is gone');
  const index = planIndex(collection.indexes, compileFilter(serialize({ n: 3 })));
  const plan = { keys: null, range: null, isDescending: false, index };
  const page = scratch.access.pages(collection, plan).next({ rows: 10, bytes: 1_000 });
  expect(page?.map(({ row }) => row)).toEqual([3, 4]);
  expect(index?.index.state).toEqual({ isReady: true, isMultikey: true });
});
