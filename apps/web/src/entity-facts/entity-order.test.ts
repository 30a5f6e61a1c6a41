import { describe, expect, test } from 'vitest';
import { sampleEntity, sampleNode } from '../../test/sample-entity.ts';
import { type EntityListing, listEntities } from './entity-order.ts';

const everything: EntityListing = { text: '', status: 'any', node: null, sort: 'worst', direction: 'ascending' };
const fleet = [
  sampleEntity({ entityName: 'products', documents: 20 }),
  sampleEntity({ entityName: 'orders', health: 'degraded', lagEntries: 9, nodes: [sampleNode({ nodeId: 'node-c' })] }),
  sampleEntity({ entityName: 'invoices', sourceName: 'billing.invoices', activity: 'failed', health: 'failed' }),
  sampleEntity({ entityName: 'prices', activity: 'scanning', documents: null }),
  sampleEntity({ entityName: 'coupons', activity: 'paused' }),
];
const names = (listing: Partial<EntityListing>) =>
  listEntities(fleet, { ...everything, ...listing }).map((entity) => entity.entityName);

describe('the entity table', () => {
  test('the worst entity comes first', () => {
    expect(names({})).toEqual(['invoices', 'orders', 'prices', 'coupons', 'products']);
  });

  test('the search text matches entity and source', () => {
    expect(names({ text: 'BILLING' })).toEqual(['invoices']);
  });

  test('a status narrows the list', () => {
    expect(names({ status: 'troubled' })).toEqual(['invoices', 'orders']);
    expect(names({ status: 'busy' })).toEqual(['prices']);
    expect(names({ status: 'paused' })).toEqual(['coupons']);
  });

  test('a node narrows the list to its caches', () => {
    expect(names({ node: 'node-c' })).toEqual(['orders']);
  });

  test('an unknown figure sorts below every known one, and ties are in the order of names', () => {
    expect(names({ sort: 'documents' })).toEqual(['prices', 'products', 'coupons', 'invoices', 'orders']);
    expect(names({ sort: 'documents', direction: 'descending' })).toEqual([
      'coupons',
      'invoices',
      'orders',
      'products',
      'prices',
    ]);
  });
});
