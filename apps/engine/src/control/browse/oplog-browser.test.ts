import { readDeadLetters } from '@emcachers/db/fleet/read-dead-letters';
import { expect, test } from 'vitest';
import { batch as appendBatch, openTestOplog } from '../../../test/support/test-oplog.ts';
import { deletion, scanToLive, upsert } from '../../../test/support/test-page.ts';
import { createEntityControl } from '../entity/entity-control.ts';
import { createOplogBrowser } from './oplog-browser.ts';

async function openTestBrowser() {
  const oplog = await openTestOplog();
  const browser = createOplogBrowser({
    control: createEntityControl(oplog.database),
    oplog: oplog.reader,
    readDeadLetters: (entityId, limit) => readDeadLetters(oplog.database, { entityId, limit }),
  });
  return { oplog, browser, [Symbol.asyncDispose]: () => oplog[Symbol.asyncDispose]() };
}

test('pages of entries go from the newest to the oldest and end with no next page', async () => {
  await using opened = await openTestBrowser();
  const { oplog, browser } = opened;
  await oplog.create('orders');
  const orders = await scanToLive(oplog, 'orders', ['a', 'b']);
  await oplog.append(upsert(orders, 'a', [7, 'new']), deletion(orders, 'b'), upsert(orders, 'c', [8, 'last']));
  const first = await browser.entries({ entityName: 'ORDERS', limit: 2 });
  expect(first.entries).toMatchObject([
    { operation: 'Upsert', docId: 'c', preview: '{"n":8,"t":"last"}', previewCut: false },
    { operation: 'Delete', docId: 'b', preview: null, previewCut: false },
  ]);
  expect(first.next).toBe(first.entries.at(-1)?.id);
  const second = await browser.entries({ entityName: 'orders', before: first.next ?? 0, limit: 100 });
  expect(second.entries.map(({ docId }) => docId)).toEqual(['a', 'b', 'a']);
  expect(second.next).toBeNull();
  expect(Date.parse(second.entries[0]?.createdAt ?? '')).toBeGreaterThan(0);
});

test('a batch has the entries of each entity after its own position, and says whether there are more', async () => {
  await using opened = await openTestBrowser();
  const { oplog, browser } = opened;
  await oplog.create('orders');
  await oplog.create('customers');
  const orders = await scanToLive(oplog, 'orders', ['a', 'b', 'c']);
  await scanToLive(oplog, 'customers', ['k']);
  const page = await oplog.page(orders);
  const [first] = page.entries;
  const batch = await browser.batch({
    entities: [
      { entityName: 'orders', afterId: first?.id ?? 0 },
      { entityName: 'customers', afterId: page.head },
    ],
    limit: 1,
  });
  expect(batch).toMatchObject({ historyId: page.historyId, head: page.head, horizon: 0 });
  expect(batch.entities).toMatchObject([
    { entityName: 'orders', entries: [{ operation: 'Upsert', docId: page.entries[1]?.docId, version: 1 }], more: true },
    { entityName: 'customers', entries: [], more: false },
  ]);
  expect(batch.entities.map(({ next }) => next)).toEqual([page.entries[1]?.id, page.head]);
});

test('a reader that follows `next` gets every entry once, each row by column name, and ends at the head', async () => {
  await using opened = await openTestBrowser();
  const { oplog, browser } = opened;
  await oplog.create('orders');
  const orders = await scanToLive(oplog, 'orders', ['a', 'b']);
  await oplog.append(upsert(orders, 'a', [7, 'new']), deletion(orders, 'b'));
  const read = [];
  let afterId = 0;
  for (let more = true; more; ) {
    const [entity] = (await browser.batch({ entities: [{ entityName: 'orders', afterId }], limit: 1 })).entities;
    if (entity === undefined) throw new Error('The batch has no entity.');
    read.push(...entity.entries.map(({ docId, data }) => [docId, data]));
    afterId = entity.next;
    more = entity.more;
  }
  expect(read.slice(-2)).toEqual([
    ['a', { n: 7, t: 'new' }],
    ['b', null],
  ]);
  expect(read).toHaveLength(4);
  expect(afterId).toBe((await oplog.page(orders)).head);
});

test('dead letters are listed newest first, with reason and time', async () => {
  await using opened = await openTestBrowser();
  const { oplog, browser } = opened;
  await oplog.create('orders');
  const orders = await scanToLive(oplog, 'orders', []);
  for (const docId of ['older', 'newer']) {
    const letter = {
      entityId: orders,
      docId,
      errorCode: 'EMC-2005',
      reason: `${docId} is too deep`,
      raw: Buffer.of(1),
      documentKey: null,
      attempts: 1,
    };
    await oplog.writer.append({ ...appendBatch([]), deadLetters: [letter] });
  }
  const letters = await browser.deadLetters({ entityName: 'orders', limit: 10 });
  expect(letters.map(({ docId, error }) => [docId, error])).toEqual([
    ['newer', 'newer is too deep'],
    ['older', 'older is too deep'],
  ]);
  expect(letters[0]).toMatchObject({ errorCode: 'EMC-2005', attempts: 1, createdAt: expect.stringMatching(/Z$/) });
  expect(await browser.deadLetters({ entityName: 'orders', limit: 1 })).toHaveLength(1);
});

test('an unknown entity is EMC-5002 for entries, dead letters and batches', async () => {
  await using opened = await openTestBrowser();
  const { browser } = opened;
  const unknown = { code: 'EMC-5002' };
  await expect(browser.entries({ entityName: 'none', limit: 1 })).rejects.toMatchObject(unknown);
  await expect(browser.deadLetters({ entityName: 'none', limit: 1 })).rejects.toMatchObject(unknown);
  const entities = [{ entityName: 'none', afterId: 0 }];
  await expect(browser.batch({ entities, limit: 1 })).rejects.toMatchObject(unknown);
});
