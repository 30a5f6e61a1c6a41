import { mkdirSync, mkdtempDisposableSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Sqlite from 'better-sqlite3';
import { expect, test } from 'vitest';
import { CacheReader, type KeptEntity } from '../prove/checks/cache-reader.ts';
import { Report } from '../prove/report.ts';
import { cameFirst } from '../prove/workload/documents.ts';

/** The files of one entity as an engine leaves them, and a reader that looks at them. */
function setUp() {
  const { path: dataDir, remove } = mkdtempDisposableSync(path.join(tmpdir(), 'emcachers-reader-'));
  const directory = path.join(dataDir, 'dbs/orders');
  mkdirSync(directory, { recursive: true });
  const link = path.join(directory, 'db.sqlite');
  const report = new Report();
  const endedAt = new Map<number, number>();
  const state: { entity: KeptEntity | null } = { entity: { entityId: 7, liveFromId: 100 } };
  const reader = new CacheReader(report, {
    kept: async () => state.entity,
    cameFirst: (rev, other) => cameFirst({ endedAt }, rev, other),
  });
  return {
    directory,
    link,
    report,
    state,
    endedAt,
    publish(generation: number, offset: number, entityId = 7): void {
      const name = `db.g${generation}.sqlite`;
      const database = new Sqlite(path.join(directory, name));
      database.exec(`CREATE TABLE metadata (key TEXT PRIMARY KEY, value TEXT); CREATE TABLE orders (doc_id, rev);
                     INSERT INTO metadata VALUES ('entityId', '${entityId}'), ('offset', '${offset}')`);
      database.close();
      rmSync(link, { force: true });
      symlinkSync(name, link);
    },
    write(rev: number): void {
      const database = new Sqlite(link);
      database.exec(`DELETE FROM orders; INSERT INTO orders VALUES ('a', ${rev})`);
      database.close();
    },
    read: () => reader.read({ dataDir, entityName: 'orders', isRenamed: false }),
    [Symbol.dispose]: remove,
  };
}

test('the proof finds nothing wrong with a cache that is not there yet, is published, and is replaced by a newer one', async () => {
  using place = setUp();
  await place.read();
  place.publish(1, 100);
  await place.read();
  place.publish(2, 120);
  await place.read();
  expect(place.report.wrong).toEqual([]);
  expect(place.report.checks.get('I8 a published cache is whole')).toBe(2);
});

test('the proof finds a link that is missing, and one that points to nothing, after the cache was published (I8)', async () => {
  using place = setUp();
  place.publish(1, 100);
  await place.read();
  rmSync(path.join(place.directory, 'db.g1.sqlite'));
  await place.read();
  rmSync(place.link);
  await place.read();
  expect(place.report.wrong).toEqual([
    expect.stringMatching(/^I8: .* is missing; it was published at offset 100$/),
    expect.stringMatching(/^I8: .* is missing; it was published at offset 100$/),
  ]);
});

test('the proof expects no files of an entity that is deleted, or of another one of the same name', async () => {
  using place = setUp();
  place.publish(1, 100);
  await place.read();
  rmSync(place.link);
  place.state.entity = null;
  await place.read();
  place.state.entity = { entityId: 8, liveFromId: null };
  await place.read();
  place.publish(2, 100);
  await place.read();
  expect(place.report.wrong).toEqual([]);
});

test('the proof finds a cache that is published before all of the first scan is in it (I8)', async () => {
  using place = setUp();
  place.publish(1, 99);
  await place.read();
  expect(place.report.wrong).toEqual([expect.stringContaining('is published at 99, but the first scan ends at 100')]);
  place.state.entity = { entityId: 7, liveFromId: null };
  await place.read();
  expect(place.report.wrong).toHaveLength(2);
});

test('the proof finds a cache that is replaced by one that has less (I8)', async () => {
  using place = setUp();
  place.publish(1, 140);
  await place.read();
  place.publish(2, 120);
  await place.read();
  expect(place.report.wrong).toEqual([expect.stringContaining('was published at 140 and is now at 120')]);
});

test('the proof finds a published cache that cannot be read (I8)', async () => {
  using place = setUp();
  mkdirSync(path.join(place.directory, 'db.g1.sqlite'));
  symlinkSync('db.g1.sqlite', place.link);
  await place.read();
  expect(place.report.wrong).toEqual([expect.stringMatching(/^I8: .* cannot be read: /)]);
});

test('the proof finds a document that goes back, unless its writes went on side by side (I6)', async () => {
  using place = setUp();
  place.publish(1, 100);
  place.endedAt.set(3, 5).set(4, 4);
  for (const rev of [5, 3, 6, 4]) {
    place.write(rev);
    await place.read();
  }
  expect(place.report.wrong).toEqual([expect.stringMatching(/^I6: a of .* went from 6 back to 4$/)]);
});
