import { serialize } from 'bson';
import { describe, expect, test } from 'vitest';
import type { ChangeEvent } from './change-source-types.ts';
import { compileRoute, convertEvent, convertPage, Routes } from './to-operation.ts';

const columns = [{ name: 'total', type: 'Integer', path: 'total' }] as const;
const entity = (id: number, sourceName: string) => compileRoute({ entityId: id, sourceName, columns });
const orders = { database: 'shop', collection: 'orders' };
const routes = new Routes([
  entity(1, 'shop.orders'),
  entity(2, 'shop.orders'),
  entity(3, 'shop.customers'),
  entity(4, 'crm.orders'),
]);

function change(document: Uint8Array | null, collection = 'orders'): Extract<ChangeEvent, { kind: 'document' }> {
  const namespace = { database: 'shop', collection };
  return { kind: 'document', namespace, documentKey: serialize({ _id: 'a' }), document, sourceTimeMs: 5 };
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
    const refused = convertEvent(change(serialize({ _id: 'a', total: 'many' })), routes);
    expect(refused.coercionErrors).toEqual([
      { entityId: 1, count: 1 },
      { entityId: 2, count: 1 },
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
    expect(convertPage([document], route).items).toEqual([{ ...live, sourceTimeMs: null }]);
  });

  test('measures the size of the converted rows, which can be larger than the documents', () => {
    const text = compileRoute({
      entityId: 9,
      sourceName: 'shop.orders',
      columns: [{ name: 'j', type: 'JSONB', path: 'j' }],
    });
    const document = serialize({ _id: 'a', j: '\u0001'.repeat(1000) });
    expect(convertPage([document], text).bytes).toBeGreaterThan(5000);
  });
});
