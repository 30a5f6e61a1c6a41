import { describe, expect, test } from 'vitest';
import { previewColumnsMax, previewShape } from './preview-shape.ts';

const status = { name: 'status', type: 'Text', path: 'status' } as const;

describe('the part of a draft that can be previewed', () => {
  test('is its valid columns, each name once', () => {
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

  test('does not depend on a valid entity name', () => {
    const draft = { entityName: '2x', sourceName: 'shop.orders', columns: [status] };
    expect(previewShape(draft)?.entityName).toBe('preview');
  });

  test('is empty without a source or a column', () => {
    expect(previewShape({ entityName: 'a', sourceName: 'shop', columns: [status] })).toBeNull();
    expect(previewShape({ entityName: 'a', sourceName: 'shop.orders', columns: [] })).toBeNull();
    expect(previewShape({})).toBeNull();
  });

  test('has at most as many columns as a URL can carry', () => {
    const columns = Array.from({ length: 60 }, (_, index) => ({ ...status, name: `c${index}` }));
    expect(previewShape({ sourceName: 'shop.orders', columns })?.columns).toHaveLength(previewColumnsMax);
  });
});
