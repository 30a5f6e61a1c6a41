import { entityNameSchema } from '@emcachers/core/shape';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { proposeColumnName, proposeName } from './names.ts';

describe('proposed names', () => {
  test('are valid and unique, whatever the names in MongoDB', () => {
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

  test('a column takes the last segment of its path if that is free and meaningful', () => {
    expect(proposeColumnName('customer.address.city', [])).toBe('city');
    expect(proposeColumnName('customer.address.city', ['City'])).toBe('customer_address_city');
    expect(proposeColumnName('customer.id', [])).toBe('customer_id');
    expect(proposeColumnName('items.0', [])).toBe('items_0');
  });
});
