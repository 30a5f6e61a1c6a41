import { Binary, serialize } from 'bson';
import { describe, expect, test } from 'vitest';
import type { ChangeEvent } from './change-source-types.ts';
import { compileRoute, convertEvent, convertPage, Routes } from './to-operation.ts';

const columns = [{ name: 'total', type: 'Integer', path: 'total' }] as const;
const entity = (id: number, sourceName: string) =>
  compileRoute({ entityId: id, sourceName, columns, where: null, maskKeyId: null });
const orders = { database: 'shop', collection: 'orders' };
const routes = new Routes([
  entity(1, 'shop.orders'),
  entity(2, 'shop.orders'),
  entity(3, 'shop.customers'),
  entity(4, 'crm.orders'),
]);

function change(document: Uint8Array | null, collection = 'orders'): Extract<ChangeEvent, { kind: 'document' }> {
  const namespace = { database: 'shop', collection };
  return {
    kind: 'document',
    namespace,
    documentKey: serialize({ _id: 'a' }),
    document,
    isInsert: false,
    sourceTimeMs: 5,
  };
}
/** MongoDB stores binary data of subtype 2 without comparing its two lengths; this one is no valid value for us. */
function withInvalidId(rest: object): Buffer {
  const bytes = Buffer.from(serialize({ _id: new Binary(Buffer.from([1, 2]), 2), ...rest }));
  bytes.writeInt32LE(7, bytes.indexOf('_id') + 9);
  return bytes;
}
const brief = (event: Parameters<typeof convertEvent>[0]): string[] =>
  convertEvent(event, routes).items.map((item) => `${item.kind} ${item.entityId}`);

describe('converting a change to operations', () => {
  test('gives one operation for each entity that copies the collection', () => {
    expect(brief(change(serialize({ _id: 'a', total: 1 })))).toEqual(['Upsert 1', 'Upsert 2']);
  });

  test('gives a Delete with the same DocID as the Upsert if the document no longer exists', () => {
    const upsert = convertEvent(change(serialize({ _id: 'a', total: 1 })), routes).items[0];
    const gone = convertEvent(change(null), routes).items[0];
    expect(gone).toMatchObject({ kind: 'Delete', data: null, sourceTimeMs: 5 });
    expect(gone).toHaveProperty('docId', upsert !== undefined && 'docId' in upsert ? upsert.docId : null);
  });

  test('gives nothing for collections without an entity, or with the same name in another database', () => {
    expect(brief(change(serialize({ _id: 'a' }), 'other'))).toEqual([]);
  });

  test('counts a value that the column cannot hold; a document that is not BSON gives a dead letter and a Delete', () => {
    convertEvent(change(serialize({ _id: 'a', total: 'many' })), routes);
    const counted = routes.of(orders).map(({ tally }) => tally.take());
    expect(counted).toEqual([
      { met: [expect.any(Number)], refused: [1], outside: 0 },
      { met: [expect.any(Number)], refused: [1], outside: 0 },
    ]);
    const broken = Buffer.from(serialize({ _id: 'a', total: { b: 1 } }));
    broken.writeInt32LE(1_000_000, broken.indexOf('total') + 6);
    const poisoned = convertEvent(change(broken), routes);
    expect(poisoned.items.map(({ kind }) => kind)).toEqual(['Delete', 'Delete']);
    expect(poisoned.deadLetters).toMatchObject([
      { entityId: 1, docId: 'a', errorCode: 'EMC-6001' },
      { entityId: 2, docId: 'a', errorCode: 'EMC-6001' },
    ]);
  });

  test('an _id that has no DocID of its own is copied under the hash of its bytes, by the stream and by a scan', () => {
    const document = withInvalidId({ total: 7 });
    const [item] = convertEvent({ ...change(document), documentKey: withInvalidId({}) }, routes).items;
    expect(item).toMatchObject({ kind: 'Upsert', docId: expect.stringMatching(/^r:/), data: '[7]' });
    const scanned = convertPage([document], entity(1, 'shop.orders')).conversion.items;
    expect(scanned).toEqual([{ ...item, sourceTimeMs: null }]);
  });

  test('anything that a projection throws is a dead letter of that document only', () => {
    const route = entity(1, 'shop.orders');
    const project = () => {
      throw new RangeError('Invalid string length');
    };
    const { conversion } = convertPage([serialize({ _id: 'a' })], {
      ...route,
      projection: { project, matches: () => true },
    });
    expect(conversion.items).toMatchObject([{ kind: 'Delete', docId: 'a' }]);
    expect(conversion.deadLetters).toMatchObject([
      { docId: 'a', errorCode: 'EMC-6001', reason: 'Invalid string length', attempts: 1 },
    ]);
    expect(Buffer.from(conversion.deadLetters[0]?.documentKey ?? [])).toEqual(Buffer.from(serialize({ _id: 'a' })));
  });

  test('a page ends at the limit of its encoded rows, after at least one document', () => {
    const documents = ['a', 'b', 'c'].map((_id) => serialize({ _id, total: 1 }));
    const route = entity(1, 'shop.orders');
    expect(convertPage(documents, route, { bytesMax: 1 }).documents).toBe(1);
    expect(convertPage(documents, route, { bytesMax: 150 })).toMatchObject({
      documents: 2,
      counts: { met: [2], refused: [0] },
    });
    expect(convertPage(documents, route).documents).toBe(3);
  });

  test('a document fails its entity if the column says so', () => {
    const column = { name: 'total', type: 'Integer', path: 'total', whenRefused: 'fail' } as const;
    const shape = { sourceName: 'shop.orders', columns: [column], where: null, maskKeyId: null };
    const failing = new Routes([compileRoute({ entityId: 1, ...shape })]);
    const { items } = convertEvent(change(serialize({ _id: 'a', total: 'many' })), failing);
    expect(items).toMatchObject([
      { kind: 'Delete', docId: 'a' },
      { kind: 'Fail', entityId: 1, errorCode: 'EMC-6005', reason: expect.stringContaining('Column total') },
    ]);
  });

  test('a dropped collection truncates its entities; a dropped database truncates all its entities', () => {
    expect(brief({ kind: 'collection-gone', namespace: orders })).toEqual(['Truncate 1', 'Truncate 2']);
    expect(brief({ kind: 'database-gone', database: 'shop' })).toEqual(['Truncate 1', 'Truncate 2', 'Truncate 3']);
  });

  test('a rename truncates the entities of the old name and rescans those of the new name', () => {
    const to = { database: 'shop', collection: 'customers' };
    expect(brief({ kind: 'collection-renamed', namespace: orders, to })).toEqual([
      'Truncate 1',
      'Truncate 2',
      'Rescan 3',
    ]);
  });

  test('a scanned document gives the same operation as its change, without a source time', () => {
    const document = serialize({ _id: 'a', total: 7 });
    const route = routes.of(orders)[0];
    if (route === undefined) throw new Error('no route');
    const live = convertEvent(change(document), routes).items[0];
    expect(convertPage([document], route).conversion.items).toEqual([{ ...live, sourceTimeMs: null }]);
  });

  test('measures the size of the converted rows, which can be larger than the documents', () => {
    const text = compileRoute({
      entityId: 9,
      sourceName: 'shop.orders',
      columns: [{ name: 'j', type: 'JSONB', path: 'j' }],
      where: null,
      maskKeyId: null,
    });
    const document = serialize({ _id: 'a', j: '\u0001'.repeat(1000) });
    expect(convertPage([document], text).conversion.bytes).toBeGreaterThan(5000);
  });
});
