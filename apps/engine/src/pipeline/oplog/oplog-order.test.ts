import { requestRefresh } from '@emcachers/db/control/entity-requests';
import { expect, test } from 'vitest';
import { openTestOplog, position, type TestOplog, upsert } from '../../../test/support/test-oplog.ts';

/** Follows the oplog as a replicator does, from page to page, until `done` says so and everything is read. */
async function follow(oplog: TestOplog, entityIds: readonly number[], done: () => boolean): Promise<number[]> {
  const seen: number[] = [];
  let afterId = 0;
  for (;;) {
    const finished = done();
    const page = await oplog.reader.readPage({ streamId: 1, afterId, entityIds, limitRows: 50, limitBytes: 1 << 20 });
    seen.push(...page.entries.map((entry) => entry.id));
    afterId = page.full ? (page.entries.at(-1)?.id ?? afterId) : page.head;
    if (finished && page.entries.length === 0) return seen;
  }
}

test('I3: readers miss no entry during eight concurrent appends, a refresh and a promotion', async () => {
  await using oplog = await openTestOplog();
  const names = ['a', 'b', 'c'];
  const ids: number[] = [];
  for (const name of names) {
    await oplog.create(name);
    ids.push((await oplog.scanToLive(name, ['first'])).entityId);
  }
  let running = true;
  const appenders = Array.from({ length: 8 }, async (_, writer) => {
    for (let turn = 0; turn < 40; turn += 1) {
      const operations = ids.map((id) => upsert(id, `doc-${writer}-${turn % 5}`, String(turn)));
      await oplog.append(...operations);
    }
  });
  const refresher = (async () => {
    for (let turn = 0; turn < 6; turn += 1) {
      const name = names[turn % names.length] ?? 'a';
      const { entityId: id } = await oplog.entity(name);
      await requestRefresh(oplog.database, { entityId: id, allowLargeSweep: true });
      await oplog.scanToLive(name, ['first', `scanned-${turn}`]);
    }
  })();
  const followers = Array.from({ length: 3 }, () => follow(oplog, ids, () => !running));
  await Promise.all([...appenders, refresher]);
  running = false;
  const all = (await oplog.page(...ids)).entries.map((entry) => entry.id);
  expect(all.length).toBeGreaterThan(8 * 40);
  for (const seen of await Promise.all(followers)) expect(seen).toEqual(all);
});

const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/);

test('pages are bounded in rows and bytes and always have at least one entry', async () => {
  await using oplog = await openTestOplog();
  await oplog.create('orders');
  const { entityId: id } = await oplog.scanToLive('orders', []);
  await oplog.append(...Array.from({ length: 10 }, (_, index) => upsert(id, `d${index}`, 'x'.repeat(1_000))));
  const read = (limitRows: number, limitBytes: number, afterId = 0) =>
    oplog.reader.readPage({ streamId: 1, afterId, entityIds: [id], limitRows, limitBytes });
  expect(await read(4, 1 << 20)).toMatchObject({ entries: { length: 4 }, full: true });
  expect(await read(100, 2_500)).toMatchObject({ entries: { length: 3 }, full: true });
  expect(await read(100, 1)).toMatchObject({ entries: { length: 1 }, full: true });
  expect(await read(100, 1 << 20)).toMatchObject({ entries: { length: 10 }, full: false });
  const { entries: _, ...page } = await read(100, 1 << 20, 10);
  expect(await read(100, 1, page.head)).toEqual({ ...page, entries: [] });
  expect(page).toMatchObject({ full: false, historyId: uuid, termId: uuid });
});

test('a page has the entries of all requested entities in id order', async () => {
  await using oplog = await openTestOplog();
  const ids: number[] = [];
  for (const name of ['a', 'b', 'c']) {
    await oplog.create(name);
    ids.push((await oplog.scanToLive(name, [])).entityId);
  }
  const [a = 0, b = 0, c = 0] = ids;
  await oplog.append(upsert(a, '1', ''), upsert(b, '1', ''), upsert(c, '1', ''), upsert(a, '2', ''));
  expect((await oplog.page(a, c)).entries.map((entry) => [entry.entityId, entry.docId])).toEqual([
    [a, '1'],
    [c, '1'],
    [a, '2'],
  ]);
  expect((await oplog.page()).entries).toEqual([]);
  const tail = await oplog.reader.tail({ entityId: a, before: null, limit: 10 });
  expect(tail.map((entry) => entry.docId)).toEqual(['2', '1']);
  expect(await oplog.reader.tail({ entityId: a, before: tail[0]?.id ?? 0, limit: 10 })).toHaveLength(1);
});

test('an id above the safe integers is rejected, not rounded', async () => {
  await using oplog = await openTestOplog();
  await oplog.create('orders');
  const { entityId: id } = await oplog.scanToLive('orders', []);
  await oplog.database.pool.query(`SELECT setval('oplog_id_seq', 9007199254740990)`);
  await oplog.append(upsert(id, 'last', ''));
  expect((await oplog.page(id)).entries.at(-1)?.id).toBe(Number.MAX_SAFE_INTEGER);
  await oplog.append(upsert(id, 'beyond', ''));
  await expect(oplog.page(id)).rejects.toThrow('outside the range of exact integers');
});

test('offsets are compared as numbers, not as text', async () => {
  await using oplog = await openTestOplog();
  await oplog.create('orders');
  const { entityId: id } = await oplog.scanToLive('orders', []);
  await oplog.writer.savePosition(position(2));
  for (let count = 0; count < 120; count += 1) await oplog.append(upsert(id, `d${count}`, ''));
  const after = async (afterId: number) =>
    (await oplog.reader.readPage({ streamId: 1, afterId, entityIds: [id], limitRows: 1, limitBytes: 1 })).entries[0]
      ?.id;
  expect([await after(9), await after(99), await after(8)]).toEqual([10, 100, 9]);
});
