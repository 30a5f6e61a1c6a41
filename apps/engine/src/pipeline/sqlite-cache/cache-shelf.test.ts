import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import Sqlite from 'better-sqlite3';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchOf, identity, temporaryDirectory } from '../../../test/support/test-cache.ts';
import { CacheFile } from './cache-file.ts';
import { CacheShelf } from './cache-shelf.ts';
import { checkStructure } from './check-structure.ts';
import { readRows } from './read-rows.ts';

const limits = { idleMs: 1_000, graceMs: 100, openFilesMax: 10, changesKept: 100 };

function setUp() {
  const directory = temporaryDirectory();
  const shelf = new CacheShelf({ dataDirectory: directory.path, ...limits });
  return {
    shelf,
    dataDirectory: directory.path,
    files: join(directory.path, 'dbs/orders'),
    rows: () => readRows(directory.path, { entityName: 'orders', columns: identity.columns, limit: 1_000 }),
    [Symbol.dispose]() {
      shelf.close();
      directory[Symbol.dispose]();
    },
  };
}

describe('a cache file', () => {
  test('commits the rows, the offset and the exact document count together', () => {
    using world = setUp();
    const { shelf } = world;
    shelf.build(identity, 0);
    const state = shelf.apply(batchOf(0, ['a', 1], ['b', 2], ['a', 3], ['c', 4], ['c', null], ['never', null]), 0);
    expect(state).toMatchObject({ offset: 6, documents: 2, published: false, served: false });
    shelf.publish(1, 0);
    expect(world.rows()).toMatchObject({
      columns: ['n', 'select'],
      rows: [
        { docId: 'a', cells: ['3', 'text 3'], cut: [] },
        { docId: 'b', cells: ['2', 'text 2'], cut: [] },
      ],
      total: 2,
      offset: 6,
      next: null,
    });
  });

  test('gives a page of rows the beginning of a long text only, and says which cells are cut', () => {
    using world = setUp();
    const { shelf } = world;
    shelf.build(identity, 0);
    const long = `${'ä'.repeat(10)}\0${'x'.repeat(3_000_000)}`;
    const astral = '😀'.repeat(2_000);
    const batch = {
      docIds: ['a', 'b', 'c'],
      data: [JSON.stringify([1, long]), JSON.stringify([2, astral]), '[3,"short"]'],
    };
    shelf.apply({ ...batchOf(0, ['a', 1]), ...batch, offset: 3 }, 0);
    shelf.publish(1, 0);
    const { rows } = world.rows();
    expect(rows.map(({ cut }) => cut)).toEqual([[1], [1], []]);
    expect(rows[0]?.cells[1]).toBe(long.slice(0, 2_048));
    expect(rows[1]?.cells[1]).toBe('😀'.repeat(1_024));
    expect(rows[2]?.cells).toEqual(['3', 'short']);
  });

  test('does not change if any suffix of entries is applied again (I4)', () => {
    const entry = fc.tuple(fc.constantFrom('a', 'b', 'c', 'd'), fc.option(fc.integer()));
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 30 }), fc.nat(), (entries, from) => {
        using world = setUp();
        const { shelf } = world;
        shelf.build(identity, 0);
        shelf.apply(batchOf(0, ...entries), 0);
        shelf.publish(1, 0);
        const before = world.rows();
        const start = from % entries.length;
        shelf.apply(batchOf(start, ...entries.slice(start)), 0);
        expect(world.rows()).toEqual(before);
        // A suffix that reaches beyond the offset: what is new counts, what was applied changes nothing.
        shelf.apply(batchOf(start, ...entries.slice(start), ['e', 1]), 0);
        const { rows, total } = world.rows();
        expect(rows.filter(({ docId }) => docId !== 'e')).toEqual(before.rows);
        expect(total).toBe(rows.length);
      }),
      { numRuns: 30 },
    );
  });

  test('rejects entries that would leave a gap (I3)', () => {
    using world = setUp();
    world.shelf.build(identity, 0);
    world.shelf.apply(batchOf(0, ['a', 1]), 0);
    expect(() => world.shelf.apply(batchOf(5, ['b', 1]), 0)).toThrow('the batch starts after 5');
  });

  test('rolls back a whole batch if the disk is full, and continues when there is space (EMC-4002)', () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, 'db.g1.sqlite');
    const file = CacheFile.create(path, identity, 1);
    file.apply(batchOf(0, ['a', 1]));
    const many = Array.from({ length: 5_000 }, (_, index) => [`doc ${index}`, index] as const);
    file.limitPages(10);
    expect(() => file.apply(batchOf(1, ...many))).toThrow('EMC-4002');
    expect(file.metadata).toMatchObject({ offset: 1, documents: 1 });
    file.limitPages(1_000_000);
    file.apply(batchOf(1, ...many));
    expect(file.metadata).toMatchObject({ offset: 5_001, documents: 5_001 });
    file.close();
  });

  test('keeps REAL, INTEGER, BLOB and TEXT distinct in an Any column', () => {
    using world = setUp();
    const { shelf, files } = world;
    shelf.build(identity, 0);
    const data = ['[1,1]', '[9,{"r":"1"}]', '[null,{"b":"AP8="}]', '[{"i":"-9223372036854775808"},"NaN"]', '[2,0.5]'];
    shelf.apply({ ...batchOf(0), docIds: ['a', 'b', 'c', 'd', 'e'], data, offset: 5 }, 0);
    shelf.publish(1, 0);
    const reader = new Sqlite(join(files, 'db.sqlite'), { readonly: true });
    const found = reader
      .prepare('SELECT typeof(n) AS n, typeof("select") AS s, quote(n) AS q FROM orders ORDER BY doc_id')
      .all();
    reader.close();
    expect(found).toEqual([
      { n: 'integer', s: 'integer', q: '1' },
      { n: 'integer', s: 'real', q: '9' },
      { n: 'null', s: 'blob', q: 'NULL' },
      { n: 'integer', s: 'text', q: '-9223372036854775808' },
      { n: 'integer', s: 'real', q: '2' },
    ]);
  });
});

describe('the shelf', () => {
  test('serves the old generation until the new one is published, and open readers after that (I8)', () => {
    using world = setUp();
    const { shelf, files } = world;
    shelf.build(identity, 0);
    shelf.apply(batchOf(0, ['a', 1]), 0);
    shelf.publish(1, 0);
    const oldReader = new Sqlite(join(files, 'db.sqlite'), { readonly: true });
    const countOfOldReader = oldReader.prepare('SELECT count(*) FROM orders').pluck();
    expect(countOfOldReader.get()).toBe(1);
    const rebuilt = shelf.build({ ...identity, rebuildRequested: 1 }, 0);
    expect(rebuilt).toMatchObject({ generation: 2, published: false, served: true, offset: 0 });
    expect(world.rows().rows).toHaveLength(1);
    shelf.apply(batchOf(0, ['a', 1], ['b', 2]), 0);
    shelf.publish(1, 0);
    expect(world.rows().rows).toHaveLength(2);
    shelf.tend(limits.graceMs - 1);
    expect(existsSync(join(files, 'db.g1.sqlite'))).toBe(true);
    shelf.tend(limits.graceMs);
    expect(readdirSync(files).filter((name) => name.includes('g1'))).toEqual([]);
    expect(countOfOldReader.get()).toBe(1);
    oldReader.close();
  });

  test('continues an interrupted build, and starts a new one if the build does not match', () => {
    using world = setUp();
    const { shelf } = world;
    shelf.build(identity, 0);
    shelf.apply(batchOf(0, ['a', 1]), 0);
    shelf.close();
    expect(shelf.open(identity, 0)).toMatchObject({
      kind: 'present',
      state: { generation: 1, offset: 1, published: false },
    });
    expect(shelf.open({ ...identity, rebuildRequested: 1 }, 0)).toMatchObject({ kind: 'unusable', code: null });
    expect(shelf.open({ ...identity, historyId: 'another' }, 0)).toMatchObject({
      kind: 'unusable',
      code: 'EMC-3003',
    });
    expect(shelf.open({ ...identity, shapeHash: 'another' }, 0)).toMatchObject({ kind: 'unusable' });
    expect(shelf.build({ ...identity, rebuildRequested: 1 }, 0)).toMatchObject({ generation: 2, offset: 0 });
  });

  test('serves nothing of an earlier entity with the same name', () => {
    using world = setUp();
    const { shelf, files } = world;
    shelf.build(identity, 0);
    shelf.publish(1, 0);
    expect(shelf.open({ ...identity, entityId: 2 }, 0)).toEqual({ kind: 'absent' });
    expect(existsSync(join(files, 'db.sqlite'))).toBe(false);
  });

  test('judges a file by its identity before it uses its table', () => {
    using world = setUp();
    const { shelf, files } = world;
    shelf.build(identity, 0);
    shelf.close();
    const columns = [{ name: 'other', type: 'Text' as const, path: 'other' }];
    expect(shelf.open({ ...identity, columns, shapeHash: 'another' }, 0)).toMatchObject({ kind: 'unusable' });
    shelf.close();
    renameSync(join(files, 'db.g1.sqlite'), join(files, 'db.g7.sqlite'));
    const misnamed = { kind: 'unusable', code: 'EMC-4001', reason: expect.stringContaining('copy of generation 1') };
    expect(shelf.open(identity, 0)).toMatchObject(misnamed);
    const foreign = new Sqlite(join(files, 'db.g8.sqlite'));
    foreign.exec('CREATE TABLE metadata (key TEXT, value TEXT)');
    foreign.close();
    const unusable = { kind: 'unusable', code: 'EMC-4001', reason: expect.stringContaining('it is not a cache') };
    expect(shelf.open(identity, 0)).toMatchObject(unusable);
    expect(shelf.open({ ...identity, columns, entityId: 2, shapeHash: 'another' }, 0)).toMatchObject(unusable);
  });

  test('serves nothing of an earlier entity of other columns with the same name', () => {
    using world = setUp();
    const { shelf, files } = world;
    shelf.build(identity, 0);
    shelf.publish(1, 0);
    const columns = [{ name: 'other', type: 'Text' as const, path: 'other' }];
    expect(shelf.open({ ...identity, columns, entityId: 2 }, 0)).toEqual({ kind: 'absent' });
    expect(existsSync(join(files, 'db.sqlite'))).toBe(false);
  });

  test('treats a file without metadata as damaged', () => {
    using world = setUp();
    const { shelf, files } = world;
    shelf.build(identity, 0);
    shelf.close();
    const other = new Sqlite(join(files, 'db.g1.sqlite'));
    other.exec('DROP TABLE metadata');
    other.close();
    expect(shelf.open(identity, 0)).toMatchObject({ kind: 'unusable', code: 'EMC-4001' });
  });

  test('closes idle files, still advances their offsets, and reopens them for rows', () => {
    using world = setUp();
    const { shelf, files } = world;
    shelf.build(identity, 0);
    shelf.apply(batchOf(0, ['a', 1]), 0);
    shelf.publish(1, 0);
    shelf.tend(limits.idleMs);
    // The log is empty and stays beside the file, for readers that may not create one.
    expect(readdirSync(files).sort()).toEqual(['db.g1.sqlite', 'db.g1.sqlite-shm', 'db.g1.sqlite-wal', 'db.sqlite']);
    expect(shelf.apply({ ...batchOf(1), offset: 50 }, limits.idleMs)).toMatchObject({ offset: 50, documents: 1 });
    expect(shelf.apply(batchOf(50, ['b', 1]), limits.idleMs)).toMatchObject({ offset: 51, documents: 2 });
    expect(world.rows().rows).toHaveLength(2);
  });

  test('keeps at most the configured number of files open', () => {
    using directory = temporaryDirectory();
    const shelf = new CacheShelf({ dataDirectory: directory.path, ...limits, openFilesMax: 2 });
    const names = ['a', 'b', 'c', 'd'];
    for (const [entityId, entityName] of names.entries()) shelf.build({ ...identity, entityId, entityName }, entityId);
    for (let round = 0; round < 3; round += 1)
      for (const entityId of names.keys())
        shelf.apply({ ...batchOf(round, ['x', round]), entityId }, 10 + round * 10 + entityId);
    const open = names.filter((name) => openedBy(join(directory.path, 'dbs', name, 'db.g1.sqlite')));
    expect(open).toHaveLength(2);
    shelf.close();
  });

  test('notices that the -wal of an open file was deleted or replaced', () => {
    using world = setUp();
    const { shelf, files } = world;
    shelf.build(identity, 0);
    shelf.apply(batchOf(0, ['a', 1]), 0);
    shelf.publish(1, 0);
    expect(shelf.tend(1)).toEqual([]);
    const wal = join(files, 'db.g1.sqlite-wal');
    rmSync(wal);
    const trouble = { entityId: 1, kind: 'file', code: 'EMC-4001' };
    expect(shelf.tend(2)).toEqual([{ ...trouble, reason: expect.stringContaining('-wal: it was deleted') }]);
    writeFileSync(wal, '');
    expect(shelf.tend(3)).toEqual([{ ...trouble, reason: expect.stringContaining('another file took its name') }]);
  });

  test('notices that another file was copied over an open one', () => {
    using world = setUp();
    const { shelf, files, dataDirectory } = world;
    const other = { ...identity, entityId: 2, entityName: 'others' };
    for (const each of [identity, other]) {
      shelf.build(each, 0);
      shelf.apply({ ...batchOf(0, ['a', each.entityId]), entityId: each.entityId }, 0);
      shelf.publish(each.entityId, 0);
    }
    shelf.release(2);
    expect(shelf.tend(1)).toEqual([]);
    copyFileSync(join(dataDirectory, 'dbs/others/db.g1.sqlite'), join(files, 'db.g1.sqlite'));
    expect(shelf.tend(2)).toEqual([
      { entityId: 1, kind: 'file', code: 'EMC-4001', reason: expect.stringContaining('another program wrote to it') },
    ]);
    expect(() =>
      checkStructure({ path: join(dataDirectory, 'dbs/others/db.g1.sqlite'), entityId: 1, thorough: false }),
    ).toThrow('another entity');
  });

  test('keeps a sound cache whose superseded generation cannot be deleted, and tries again later', () => {
    using world = setUp();
    const { shelf, files } = world;
    shelf.build(identity, 0);
    shelf.publish(1, 0);
    shelf.build(identity, 0);
    shelf.apply(batchOf(0, ['a', 1]), 0);
    shelf.publish(1, 0);
    rmSync(join(files, 'db.g1.sqlite'));
    mkdirSync(join(files, 'db.g1.sqlite'));
    const leftover = { entityId: 1, kind: 'leftover', code: 'EMC-4003', reason: expect.stringContaining('db.g1') };
    expect(shelf.tend(101)).toEqual([leftover]);
    expect(shelf.tend(102)).toEqual([]);
    expect(shelf.apply(batchOf(1, ['b', 2]), 103)).toMatchObject({ generation: 2, documents: 2 });
    rmdirSync(join(files, 'db.g1.sqlite'));
    expect(shelf.tend(60_102)).toEqual([]);
    expect(readdirSync(files).filter((name) => name.includes('g1'))).toEqual([]);
  });

  test('removes only the files of the entity that is removed', () => {
    using world = setUp();
    const { shelf, files } = world;
    shelf.build(identity, 0);
    shelf.publish(1, 0);
    writeFileSync(join(files, 'mine.txt'), 'mine');
    shelf.removeOthers({ entityNames: [], historyId: 'another history' });
    expect(readlinkSync(join(files, 'db.sqlite'))).toBe('db.g1.sqlite');
    shelf.remove({ entityId: 1, entityName: 'orders' });
    expect(readdirSync(files)).toEqual(['mine.txt']);
  });

  test('the cache of a deleted entity is removed although a kill left a file without metadata beside it', () => {
    using world = setUp();
    const { shelf, files } = world;
    shelf.build(identity, 0);
    shelf.publish(1, 0);
    shelf.release(1);
    writeFileSync(join(files, 'db.g2.sqlite'), '');
    shelf.removeOthers({ entityNames: [], historyId: identity.historyId });
    expect(existsSync(files)).toBe(false);
  });
});

describe('a read-only reader', () => {
  const canTry = process.getuid?.() === 0 && spawnSync('sqlite3', ['--version']).status === 0;
  const nobody = 65_534;

  test('opens the cache while it is being written, after it was closed as idle, and after the engine has stopped', ({
    skip,
  }) => {
    if (!canTry) skip('needs root (to read as another user) and the sqlite3 command');
    using world = setUp();
    const { shelf, dataDirectory, files } = world;
    const count = (): string => {
      for (const path of [dataDirectory, join(dataDirectory, 'dbs'), files]) chmodSync(path, 0o755);
      const sql = ['-readonly', join(files, 'db.sqlite'), 'SELECT count(*) FROM orders'];
      const { stdout, stderr } = spawnSync('sqlite3', sql, { uid: nobody, gid: nobody, encoding: 'utf8' });
      return stdout + stderr;
    };
    shelf.build(identity, 0);
    shelf.apply(batchOf(0, ['a', 1]), 0);
    shelf.publish(1, 0);
    expect(count()).toBe('1\n');
    shelf.tend(limits.idleMs);
    expect(count()).toBe('1\n');
    shelf.apply(batchOf(1, ['b', 1]), limits.idleMs);
    expect(count()).toBe('2\n');
    shelf.close();
    expect(count()).toBe('2\n');
  });
});

/** Whether this process holds the file open, by what the system lists. */
function openedBy(path: string): boolean {
  return readdirSync('/proc/self/fd').some((descriptor) => {
    try {
      return readlinkSync(join('/proc/self/fd', descriptor)) === path;
    } catch {
      return false;
    }
  });
}
