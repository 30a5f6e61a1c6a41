import type { Shape } from '@emcachers/core/shape';
import { createMongoServer } from '@emcachers/mongo-embedded';
import { serialize } from 'bson';
import { MongoClient } from 'mongodb';
import { expect, test } from 'vitest';
import { faultProxy } from '../../../test/support/fault-proxy.ts';
import { createMongoSource } from '../../pipeline/change-source/mongo-source.ts';
import { systemClock } from '../../runtime/clock.ts';
import { createSourceBrowser } from './source-browser.ts';
import { previewOf, previewSample } from './source-preview.ts';

/** A source browser on an embedded MongoDB, through a connection that the test can cut. */
async function openTestBrowser(entitiesOf: (sourceName: string) => readonly string[] = () => []) {
  const server = createMongoServer({ memory: true });
  const { url } = await server.start();
  const mongo = new MongoClient(url);
  const proxy = await faultProxy(Number(new URL(url).port));
  const through = `mongodb://127.0.0.1:${proxy.port}/?directConnection=true`;
  const source = createMongoSource({ url: through, clock: systemClock, selectionMsMax: 300 });
  return {
    browser: createSourceBrowser({
      ...{ source, clock: systemClock, maskKey: null, largeDocumentBytes: 256 * 1024, entitiesOf },
      maskedPathsOf: () => [],
    }),
    mongo,
    proxy,
    async [Symbol.asyncDispose]() {
      await source.close();
      await mongo.close();
      await proxy[Symbol.asyncDispose]();
      await server.stop();
    },
  };
}

/** MongoDB's error code. */
const unauthorized = 13;
const shape: Shape = {
  entityName: 'orders',
  sourceName: 'shop.orders',
  columns: [
    { name: 'total', type: 'Integer', path: 'total' },
    { name: 'city', type: 'Text', path: 'customer.city' },
  ],
};

test('lists every collection with its estimated size and the entities that copy it', async () => {
  await using opened = await openTestBrowser((name) => (name === 'shop.orders' ? ['orders', 'recent'] : []));
  const { browser, mongo } = opened;
  await mongo.db('shop').collection('orders').insertMany([{}, {}, {}]);
  await mongo.db('crm').createCollection('people');
  expect(await browser.list()).toEqual([
    { sourceName: 'crm.people', estimatedDocuments: 0, entities: [] },
    { sourceName: 'shop.orders', estimatedDocuments: 3, entities: ['orders', 'recent'] },
  ]);
});

test('the list has every collection, but an estimate for the first 200 only', async () => {
  await using opened = await openTestBrowser();
  const { browser, mongo } = opened;
  const names = Array.from({ length: 203 }, (_, index) => `c${String(index).padStart(3, '0')}`);
  for (const name of names) await mongo.db('many').createCollection(name);
  const listed = await browser.list();
  expect(listed.map(({ sourceName }) => sourceName)).toEqual(names.map((name) => `many.${name}`));
  const unknown = listed.filter(({ estimatedDocuments }) => estimatedDocuments === null);
  expect(unknown.map(({ sourceName }) => sourceName)).toEqual(['many.c200', 'many.c201', 'many.c202']);
});

test('a sample suggests the paths of a collection, and is empty for one that does not exist', async () => {
  await using opened = await openTestBrowser();
  const { browser, mongo } = opened;
  await mongo
    .db('shop')
    .collection('orders')
    .insertOne({ total: 3, customer: { city: 'Ulm' } });
  const { sampled, paths } = await browser.sample('shop.orders');
  expect(sampled).toBe(1);
  expect(paths.map(({ path }) => path).sort()).toEqual(['_id', 'customer', 'customer.city', 'total']);
  expect(await browser.sample('shop.none')).toEqual({ sampled: 0, paths: [] });
});

test('a preview shows the rows that ingest would store, and counts values by column', async () => {
  await using opened = await openTestBrowser();
  const { browser, mongo } = opened;
  const orders = mongo.db('shop').collection<{ _id: number; total?: unknown; customer?: object }>('orders');
  await orders.insertMany([
    { _id: 1, total: 7, customer: { city: 'Ulm' } },
    { _id: 2, total: 'seven' },
    { _id: 3, customer: { city: 'Bonn' } },
  ]);
  const preview = await browser.preview(shape);
  expect(preview.sampled).toBe(3);
  expect(preview.rows.toSorted((left, right) => left.docId.localeCompare(right.docId))).toEqual([
    { docId: 'n:1', cells: ['7', 'Ulm'] },
    { docId: 'n:2', cells: [null, null] },
    { docId: 'n:3', cells: [null, 'Bonn'] },
  ]);
  expect(preview.columns).toEqual([
    { name: 'total', found: 2, refused: 1, refusedDocIds: ['n:2'] },
    { name: 'city', found: 2, refused: 0, refusedDocIds: [] },
  ]);
});

test('the preview counts over the sample that the list of paths describes, and shows its first rows', async () => {
  await using opened = await openTestBrowser();
  const { browser, mongo } = opened;
  const documents = Array.from({ length: 150 }, (_, n) => (n % 2 === 0 ? { n } : { n, text: 'x' }));
  await mongo.db('shop').collection('orders').insertMany(documents);
  const sample = await browser.sample('shop.orders');
  const columns = [{ name: 'text', type: 'Text' as const, path: 'text' }];
  const preview = await browser.preview({ ...shape, columns });
  expect(preview).toMatchObject({ sampled: sample.sampled, columns: [{ name: 'text', found: 75, refused: 0 }] });
  expect(sample.sampled).toBe(150);
  expect(preview.rows).toHaveLength(10);
});

test('a preview omits the rows of documents that ingest would store as dead letters', () => {
  const valid = serialize({ _id: 1, total: 7 });
  const cut = valid.subarray(0, -3);
  const preview = previewOf({ shape, maskKey: null, documents: [valid, cut] });
  expect(preview.sampled).toBe(2);
  expect(preview.rows).toEqual([{ docId: 'n:1', cells: ['7', null] }]);
});

test('a collection that MongoDB refuses to read is EMC-2007 each time, and the others can still be read', async () => {
  await using opened = await openTestBrowser();
  const { browser, mongo } = opened;
  await mongo.db('shop').collection('orders').insertOne({ total: 3 });
  const data = { failCommands: ['find'], namespace: 'shop.secrets', errorCode: unauthorized };
  await mongo.db('admin').command({ configureFailPoint: 'failCommand', mode: 'alwaysOn', data });
  const refused = { code: 'EMC-2007', detail: expect.stringContaining('shop.secrets') };
  for (let call = 0; call < 6; call += 1) await expect(browser.sample('shop.secrets')).rejects.toMatchObject(refused);
  await expect(browser.preview({ ...shape, sourceName: 'shop.secrets' })).rejects.toMatchObject(refused);
  expect((await browser.sample('shop.orders')).sampled).toBe(1);
});

test('while MongoDB is unreachable every call is EMC-2001; after five failures the calls no longer wait', async () => {
  await using opened = await openTestBrowser();
  const { browser, proxy } = opened;
  expect(await browser.list()).toEqual([]);
  proxy.cut();
  const refused = { code: 'EMC-2001', detail: expect.stringContaining('MongoDB did not answer') };
  for (let call = 0; call < 5; call += 1) await expect(browser.list()).rejects.toMatchObject(refused);
  proxy.restore();
  // The connection is back, but the breaker admits no call before its 30 seconds are over.
  await expect(browser.sample('shop.orders')).rejects.toMatchObject(refused);
  await expect(browser.preview(shape)).rejects.toMatchObject(refused);
});

test('the preview counts what a column refuses also if the document then becomes a dead letter', () => {
  const total = { name: 'total', type: 'Integer', path: 'total', whenRefused: 'dead-letter' } as const;
  const documents = [serialize({ _id: 'a', total: 'twelve' }), serialize({ _id: 'b', total: 1 })];
  const shape: Shape = { entityName: 'orders', sourceName: 'shop.orders', columns: [total] };
  const preview = previewOf({ shape, maskKey: null, documents });
  expect(preview).toEqual({
    sampled: 2,
    matched: 2,
    rows: [{ docId: 'b', cells: ['1'] }],
    columns: [{ name: 'total', found: 2, refused: 1, refusedDocIds: ['a'] }],
  });
});

test('a preview of large documents leaves the event loop free, and shows the same rows with long texts cut', async () => {
  const columns: Shape['columns'] = [
    { name: 'note', type: 'JSONB', path: 'note' },
    { name: 'total', type: 'Integer', path: 'total' },
  ];
  const large: Shape = { entityName: 'orders', sourceName: 'shop.orders', columns };
  const documents = Array.from({ length: 20 }, (_, total) =>
    serialize({ _id: total, note: '"'.repeat(2_000_000), total }),
  );
  let turns = 0;
  const counting = setInterval(() => turns++, 5);
  using _counting = { [Symbol.dispose]: () => clearInterval(counting) };
  const call = { shape: large, maskKey: null, documents };
  const preview = await previewSample(call, 256 * 1024);
  // The same preview on the event loop would leave no turn.
  expect(turns).toBeGreaterThan(3);
  clearInterval(counting);
  expect(preview).toEqual(previewOf(call));
  expect(preview.rows).toHaveLength(10);
  expect(preview.rows[0]?.cells[0]).toHaveLength(2_049);
  expect(preview.columns).toEqual([
    { name: 'note', found: 20, refused: 0, refusedDocIds: [] },
    { name: 'total', found: 20, refused: 0, refusedDocIds: [] },
  ]);
});

test('a type that one document in a thousand has is found, with the id of that document', async () => {
  await using opened = await openTestBrowser();
  const { browser, mongo } = opened;
  const documents = Array.from({ length: 1_500 }, (_, n) => ({ _id: n, total: n === 700 ? 'seven' : n }));
  await mongo.db('shop').collection<{ _id: number; total: number | string }>('orders').insertMany(documents);
  const { sampled, columns } = await browser.preview(shape);
  expect(sampled).toBe(1_500);
  expect(columns[0]).toEqual({ name: 'total', found: 1_500, refused: 1, refusedDocIds: ['n:700'] });
});

test('a sample of large documents is bounded by bytes, and keeps documents of both ends', async () => {
  await using opened = await openTestBrowser();
  const { browser, mongo } = opened;
  const large = Array.from({ length: 12 }, (_, n) => ({ _id: n, total: n, text: 'x'.repeat(1_000_000) }));
  await mongo.db('shop').collection<{ _id: number }>('orders').insertMany(large);
  const { sampled, rows } = await browser.preview(shape);
  expect(sampled).toBeLessThan(6);
  expect(rows.map(({ docId }) => docId)).toEqual(expect.arrayContaining(['n:0', 'n:11']));
});
