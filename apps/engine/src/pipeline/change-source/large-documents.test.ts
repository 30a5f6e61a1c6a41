import type { Column } from '@emcachers/core/shape';
import { serialize } from 'bson';
import { expect, test } from 'vitest';
import { LargeDocuments } from './large-documents.ts';
import { compileRoute, convertEvent, convertPage, Routes } from './to-operation.ts';

const column = (name: string, type: Column['type'], more: Partial<Column> = {}): Column => ({
  name,
  type,
  path: name,
  ...more,
});
const columns = [column('t', 'JSONB'), column('n', 'Integer')];
const routeOf = (shape: readonly Column[] = columns, rowBytesMax = 1_000_000) =>
  compileRoute(
    { entityId: 1, sourceName: 'shop.orders', columns: [...shape], where: null, maskKeyId: null },
    { rowBytesMax },
  );
const limits = { largeDocumentBytes: 1_000, rowBytesMax: 1_000_000, maskKey: null };

const changeOf = (document: Uint8Array) =>
  ({
    kind: 'document',
    namespace: { database: 'shop', collection: 'orders' },
    documentKey: serialize({ _id: 'large' }),
    document,
    isInsert: false,
    sourceTimeMs: 1,
  }) as const;

const small = serialize({ _id: 'small', t: 'a', n: 1 });
const large = serialize({ _id: 'large', t: '"'.repeat(5_000), n: 'no number' });
const tooLarge = serialize({ _id: 'too large', t: 'x'.repeat(2_000_000) });

test('a page with large documents gives the operations, dead letters and counts of the same page without a thread', async () => {
  await using documents = new LargeDocuments(limits);
  const page = [small, large, tooLarge, large, small];
  const expected = convertPage(page, routeOf());
  const items = [];
  const deadLetters = [];
  const met = [0, 0];
  for (let start = 0; start < page.length; ) {
    const part = await documents.convertPage(page.slice(start), routeOf(), { bytesMax: 10_000_000 });
    items.push(...part.conversion.items);
    deadLetters.push(...part.conversion.deadLetters);
    for (const [index, count] of part.counts.met.entries()) met[index] = (met[index] ?? 0) + count;
    start += part.documents;
  }
  expect(items).toEqual(expected.conversion.items);
  expect(deadLetters).toEqual(expected.conversion.deadLetters);
  expect(deadLetters).toMatchObject([{ docId: 'too large', errorCode: 'EMC-6002' }]);
  expect(met).toEqual(expected.counts.met);
});

test('a change of a large document is projected for every entity that copies it, each with its own policy', async () => {
  await using documents = new LargeDocuments(limits);
  const refusing = routeOf([column('n', 'Integer', { whenRefused: 'dead-letter' })]);
  const routes = new Routes([routeOf(), { ...refusing, entityId: 2 }]);
  const event = changeOf(large);
  await documents.prepare(event, routes);
  const { items, deadLetters } = convertEvent(event, routes);
  expect(items.map((item) => item.kind)).toEqual(['Upsert', 'Delete']);
  expect(deadLetters).toMatchObject([{ entityId: 2, errorCode: 'EMC-6003', columnName: 'n' }]);
});

test('a large document does not get past the filter or a mask of its entity, in a scan or as a change', async () => {
  await using documents = new LargeDocuments(limits);
  const secret = column('t', 'Text', { mask: { kind: 'truncate', length: 3 } });
  const shape = { entityId: 1, sourceName: 'shop.orders', columns: [secret], maskKeyId: null };
  const outside = compileRoute({ ...shape, where: { n: { $gte: 0 } } });
  const inside = compileRoute({ ...shape, where: { n: 'no number' }, entityId: 2 });
  const scanned = await Promise.all(
    [outside, inside].map((route) => documents.convertPage([large], route, { bytesMax: 10_000_000 })),
  );
  expect(scanned.flatMap(({ conversion }) => conversion.items)).toMatchObject([{ entityId: 2, data: '["\\"\\"\\""]' }]);
  expect(scanned.map(({ counts }) => counts.outside)).toEqual([1, 0]);
  const routes = new Routes([outside, inside]);
  const change = changeOf(large);
  await documents.prepare(change, routes);
  expect(convertEvent(change, routes).items).toMatchObject([
    { kind: 'Delete', entityId: 1 },
    { kind: 'Upsert', entityId: 2, data: '["\\"\\"\\""]' },
  ]);
});

test('a small document needs no thread', async () => {
  await using documents = new LargeDocuments(limits);
  const event = { kind: 'document', namespace: { database: 'shop', collection: 'orders' }, sourceTimeMs: 1 } as const;
  const change = { ...event, documentKey: serialize({ _id: 'small' }), document: small, isInsert: true };
  expect(documents.prepare(change, new Routes([routeOf()]))).toBeNull();
});

test('the event loop is free while four megabytes of quotes are projected', async () => {
  const quotes = serialize({ _id: 'quotes', t: '"'.repeat(4_000_000) });
  const route = routeOf(columns, 64_000_000);
  await using documents = new LargeDocuments({
    largeDocumentBytes: 256 * 1024,
    rowBytesMax: 64_000_000,
    maskKey: null,
  });
  await documents.convertPage([large], route, { bytesMax: 10 });
  let turns = 0;
  const counting = setInterval(() => turns++, 5);
  using _counting = { [Symbol.dispose]: () => clearInterval(counting) };
  const page = await documents.convertPage([quotes], route, { bytesMax: 10 });
  // The same projection on the event loop would leave no turn.
  expect(turns).toBeGreaterThan(3);
  expect(page.conversion.items).toHaveLength(1);
});
