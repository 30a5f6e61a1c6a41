import { describe, expect, test } from 'vitest';
import { shapeSchema } from './shape.ts';

const hash = { kind: 'hash' } as const;
const column = (name: string, path: string, more: object = {}) => ({ name, type: 'Text', path, ...more });
const problemsOf = (...columns: object[]) =>
  shapeSchema
    .safeParse({ entityName: 'people', sourceName: 'shop.people', columns })
    .error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`) ?? [];

describe('a mask', () => {
  test.each([hash, { kind: 'redact' }, { kind: 'truncate', length: 3 }])('may be %j', (mask) => {
    expect(problemsOf(column('email', 'email', { mask }), column('city', 'address.city'))).toEqual([]);
  });

  test('that makes text needs a column of text; a redacted column may have any type', () => {
    const typed = (mask: object) => column('n', 'n', { mask, type: 'Integer' });
    expect(problemsOf(typed(hash))).toEqual(['columns.0.mask: A hash is text: choose the type Text for this column.']);
    expect(problemsOf(typed({ kind: 'truncate', length: 1 }))).toHaveLength(1);
    expect(problemsOf(typed({ kind: 'redact' }))).toEqual([]);
  });

  test.each([0, -1, 1.5, 1_001])('cannot keep %d characters', (length) => {
    expect(problemsOf(column('a', 'a', { mask: { kind: 'truncate', length } }))).toHaveLength(1);
  });

  test.each(['_id', '_id.part'])('of %s is refused: the key of the row has it', (path) => {
    expect(problemsOf(column('id', path, { mask: hash }))).toEqual([expect.stringContaining('cannot be masked')]);
  });

  test.each([
    ['customer.email', 'customer'],
    ['customer.email', '$'],
    ['customer.email', 'customer.email'],
    ['customer', 'customer.email'],
    ['items.sku', 'items.0.sku'],
    ['items.0', 'items'],
  ])('of %s is not given away by an unmasked column of %s', (masked, open) => {
    const first = column('masked', masked, { mask: hash });
    expect(problemsOf(first, column('open', open))).toEqual([
      expect.stringMatching(/^columns\.1\.path: .*column masked, which is masked/),
    ]);
    expect(problemsOf(first, column('open', open, { mask: { kind: 'truncate', length: 1 } }))).toEqual([]);
  });
});
