import { describe, expect, test } from 'vitest';
import { previewColumnsMax, previewShape } from './preview-shape.ts';

const status = { name: 'status', type: 'Text', path: 'status' } as const;

describe('what of a draft can be previewed', () => {
  test('the columns that are right already, each name once', () => {
    const columns = [
      status,
      { ...status, name: 'Status' },
      { ...status, name: '' },
      { ...status, name: 'x', path: '' },
    ];
    expect(previewShape({ entityName: 'orders', sourceName: 'shop.orders', columns })).toEqual({
      entityName: 'orders',
      sourceName: 'shop.orders',
      columns: [status],
    });
  });

  test('an unfinished entity name does not hold it up', () => {
    const draft = { entityName: '2x', sourceName: 'shop.orders', columns: [status] };
    expect(previewShape(draft)?.entityName).toBe('preview');
  });

  test('nothing without a source or a single column', () => {
    expect(previewShape({ entityName: 'a', sourceName: 'shop', columns: [status] })).toBeNull();
    expect(previewShape({ entityName: 'a', sourceName: 'shop.orders', columns: [] })).toBeNull();
    expect(previewShape({})).toBeNull();
  });

  test('no more columns than an address can carry', () => {
    const columns = Array.from({ length: 60 }, (_, index) => ({ ...status, name: `c${index}` }));
    expect(previewShape({ sourceName: 'shop.orders', columns })?.columns).toHaveLength(previewColumnsMax);
  });
});
