import { entityNameSchema } from '@emcachers/core/shape';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { proposeColumnName, proposeName } from './names.ts';

describe('proposed names', () => {
  test('are accepted by the shape, whatever MongoDB calls its fields, and are never taken twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.string()), (text, taken) => {
        const name = proposeName(text, taken);
        expect(entityNameSchema.safeParse(name).success).toBe(true);
        expect(taken.map((other) => other.toLowerCase())).not.toContain(name.toLowerCase());
        const again = proposeName(text, [name]);
        expect(entityNameSchema.safeParse(again).success).toBe(true);
        expect(again.toLowerCase()).not.toBe(name.toLowerCase());
      }),
    );
  });

  test.each([
    ['orders', 'orders'],
    ['feature-flags', 'feature_flags'],
    ['2024.orders', 'c_2024_orders'],
    ['metadata', 'c_metadata'],
  ])('%s becomes %s', (text, name) => {
    expect(proposeName(text, [])).toBe(name);
  });

  test('a column takes the last segment of its path while that is free and telling', () => {
    expect(proposeColumnName('customer.address.city', [])).toBe('city');
    expect(proposeColumnName('customer.address.city', ['City'])).toBe('customer_address_city');
    expect(proposeColumnName('customer.id', [])).toBe('customer_id');
    expect(proposeColumnName('items.0', [])).toBe('items_0');
  });
});
