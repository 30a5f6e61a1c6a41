import { openDatabase } from '@emcachers/db/database';
import { copyTestDatabase, createTestDatabase, restoreTestDatabase } from '@emcachers/db/testing';
import { describe, expect, test } from 'vitest';
import { openOplogAt, type TestOplog } from '../../../test/support/test-oplog.ts';
import { expectedRows, scanToLive, upsert } from '../../../test/support/test-page.ts';
import { cachedRows, startReplicator, temporaryDirectory } from '../../../test/support/test-replicator.ts';

const ids = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`);

/** Entities x and y, where x has changed after its scan and y has not. */
async function fill(oplog: TestOplog): Promise<{ x: number; y: number }> {
  await oplog.create('x');
  await oplog.create('y');
  const x = await scanToLive(oplog, 'x', ids('x', 50));
  const y = await scanToLive(oplog, 'y', ids('y', 50));
  await oplog.append(...ids('x', 10).map((docId) => upsert(x, docId, [1, 'before the backup'])));
  return { x, y };
}

const changesOf = (entityId: number, docIds: readonly string[], text: string) =>
  docIds.map((docId) => upsert(entityId, docId, [2, text]));

/** Follows the oplog until both caches are level at its head, and stops. */
async function follow(oplog: TestOplog, dataDirectory: string): Promise<number[]> {
  const { head } = await oplog.page();
  await using running = await startReplicator({ database: oplog.database, dataDirectory });
  const caches = [await running.level('x', head), await running.level('y', head)];
  return caches.map(({ generation }) => generation ?? 0);
}

describe('a restored PostgreSQL', () => {
  test('is recognised by a cache whose own entries are all in the backup, also when the oplog has grown past its offset', async () => {
    await using owned = await createTestDatabase();
    using directory = temporaryDirectory();
    const entities = await inOneTerm(owned.url, fill);
    await using backup = await copyTestDatabase(owned.url);
    await inOneTerm(owned.url, async (oplog) => {
      // The offset of x moves with entries of y alone.
      await oplog.append(...changesOf(entities.y, ids('y', 50), 'lost'));
      expect(await follow(oplog, directory.path)).toEqual([1, 1]);
    });
    await restoreTestDatabase(owned.url, backup);
    await using oplog = await openOplogAt(owned.url);
    await oplog.append(...changesOf(entities.x, ids('x', 41), 'after the restore'));
    await oplog.append(...changesOf(entities.y, ids('y', 50), 'after the restore'));
    expect(await follow(oplog, directory.path)).toEqual([2, 2]);
    expect(cachedRows(directory.path, 'x')).toEqual(await expectedRows(oplog, entities.x));
    expect(cachedRows(directory.path, 'y')).toEqual(await expectedRows(oplog, entities.y));
  });

  test('is recognised by caches that follow while it is restored', async () => {
    await using owned = await createTestDatabase();
    using directory = temporaryDirectory();
    const entities = await inOneTerm(owned.url, fill);
    await using backup = await copyTestDatabase(owned.url);
    await using node = openDatabaseOf(owned.url);
    await using running = await startReplicator({ database: node.database, dataDirectory: directory.path });
    await inOneTerm(owned.url, async (oplog) => {
      await oplog.append(...changesOf(entities.y, ids('y', 50), 'lost'));
      await running.level('x', (await oplog.page()).head);
      await running.level('y', (await oplog.page()).head);
    });
    // The backup goes on before it takes the name: when the node reaches it, its head is above every offset.
    await inOneTerm(backup.url, async (oplog) => {
      await oplog.append(...changesOf(entities.x, ids('x', 41), 'after the restore'));
      await oplog.append(...changesOf(entities.y, ids('y', 50), 'after the restore'));
    });
    await restoreTestDatabase(owned.url, backup);
    await using oplog = await openOplogAt(owned.url);
    const { head } = await oplog.page();
    await running.until('both caches are built again', () =>
      ['x', 'y'].every((name) => running.status(name)?.generation === 2),
    );
    await running.level('x', head);
    await running.level('y', head);
    expect(cachedRows(directory.path, 'x')).toEqual(await expectedRows(oplog, entities.x));
    expect(cachedRows(directory.path, 'y')).toEqual(await expectedRows(oplog, entities.y));
  });

  test('that lost nothing a cache has applied, and new leaders, leave the cache as it is', async () => {
    await using owned = await createTestDatabase();
    using directory = temporaryDirectory();
    const entities = await inOneTerm(owned.url, async (oplog) => {
      const filled = await fill(oplog);
      await follow(oplog, directory.path);
      return filled;
    });
    await inOneTerm(owned.url, async (oplog) => {
      await oplog.append(...changesOf(entities.x, ids('x', 5), 'second term'));
      await follow(oplog, directory.path);
    });
    await using backup = await copyTestDatabase(owned.url);
    await inOneTerm(owned.url, (oplog) => oplog.append(...changesOf(entities.x, ids('x', 50), 'lost, and never read')));
    await restoreTestDatabase(owned.url, backup);
    await using oplog = await openOplogAt(owned.url);
    await oplog.append(...changesOf(entities.x, ids('x', 20), 'after the restore'));
    expect(await follow(oplog, directory.path)).toEqual([1, 1]);
    expect(cachedRows(directory.path, 'x')).toEqual(await expectedRows(oplog, entities.x));
  });
});

function openDatabaseOf(url: string) {
  const database = openDatabase({ url });
  return { database, [Symbol.asyncDispose]: () => database.close() };
}

/** One term of leadership, ended afterwards. */
async function inOneTerm<Result>(url: string, work: (oplog: TestOplog) => Promise<Result>): Promise<Result> {
  await using oplog = await openOplogAt(url);
  return await work(oplog);
}
