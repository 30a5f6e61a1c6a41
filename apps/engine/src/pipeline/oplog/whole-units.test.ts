import { expect, test } from 'vitest';
import { openTestOplog, upsert } from '../../../test/support/test-oplog.ts';

test('a page ends where a unit ends, also if the page must then be larger than requested', async () => {
  await using oplog = await openTestOplog();
  await oplog.create('orders');
  const { entityId } = await oplog.scanToLive('orders', []);
  const unit = (number: number, count: number) =>
    Array.from({ length: count }, (_, index) => ({ ...upsert(entityId, `u${number}-${index}`, 'x'), unit: number }));
  await oplog.append(upsert(entityId, 'first', 'x'), ...unit(7, 3), ...unit(8, 40), upsert(entityId, 'last', 'x'));
  const pages: number[] = [];
  let afterId = 0;
  for (;;) {
    const page = await oplog.reader.readPage({
      streamId: 1,
      afterId,
      entityIds: [entityId],
      limitRows: 3,
      limitBytes: 1 << 20,
    });
    const last = page.entries.at(-1);
    if (last === undefined) break;
    pages.push(page.entries.length);
    afterId = last.id;
  }
  expect(pages).toEqual([1, 3, 41]);
});

test('a page that is limited by bytes ends where a unit ends', async () => {
  await using oplog = await openTestOplog();
  await oplog.create('orders');
  const { entityId } = await oplog.scanToLive('orders', []);
  const large = 'x'.repeat(1_000);
  await oplog.append(...['a', 'b', 'c'].map((docId) => ({ ...upsert(entityId, docId, large), unit: 5 })));
  const request = { streamId: 1, afterId: 0, entityIds: [entityId], limitRows: 100, limitBytes: 500 };
  expect((await oplog.reader.readPage(request)).entries.map(({ docId }) => docId)).toEqual(['a', 'b', 'c']);
});

test('entries of several entities in one unit are in one page of each reader', async () => {
  await using oplog = await openTestOplog();
  await oplog.create('a');
  await oplog.create('b');
  const a = (await oplog.scanToLive('a', [])).entityId;
  const b = (await oplog.scanToLive('b', [])).entityId;
  const both = [a, b, a, b, a].map((entityId, index) => ({ ...upsert(entityId, `d${index}`, 'x'), unit: 3 }));
  await oplog.append(...both);
  const read = (...entityIds: number[]) =>
    oplog.reader.readPage({ streamId: 1, afterId: 0, entityIds, limitRows: 2, limitBytes: 1 << 20 });
  expect((await read(a, b)).entries).toHaveLength(5);
  expect((await read(a)).entries).toHaveLength(3);
});
