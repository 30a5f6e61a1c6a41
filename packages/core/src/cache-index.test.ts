import { expect, test } from 'vitest';
import { cacheIndexesSchema, indexName, indexProblems, isIndexName } from './cache-index.ts';
import { newEntitySchema } from './new-entity.ts';

const columns = ['customer', 'status', 'c3', 'c4', 'c5'].map((name) => ({ name, type: 'Text' as const, path: name }));
const shape = { entityName: 'orders', sourceName: 'shop.orders', columns };
const on = (...names: string[]) => ({ columns: names });
const messagesOf = (indexes: unknown): readonly string[] =>
  (newEntitySchema.safeParse({ ...shape, indexes }).error?.issues ?? []).map(
    ({ path, message }) => `${path.join('.')}: ${message}`,
  );

test('indexes on columns of the shape are accepted and spelt as the shape spells them', () => {
  const indexes = [on('CUSTOMER'), on('customer', 'Status')];
  expect(newEntitySchema.parse({ ...shape, indexes }).indexes).toEqual([on('customer'), on('customer', 'status')]);
  expect(newEntitySchema.parse(shape)).toEqual(shape);
});

test.each([
  [
    'an unknown column',
    [on('customer'), on('total')],
    'indexes.1.columns.0: The entity has no column of this name. doc_id has an index already.',
  ],
  [
    'the key',
    [on('doc_id')],
    'indexes.0.columns.0: The entity has no column of this name. doc_id has an index already.',
  ],
  ['a column twice', [on('status', 'Status')], 'indexes.0.columns.1: The index has this column already.'],
  ['the same index twice', [on('status'), on('STATUS')], 'indexes.1.columns.0: Index 1 has the same columns.'],
  ['no column', [on()], 'indexes.0.columns: Name at least one column.'],
  [
    'five columns',
    [on('customer', 'status', 'c3', 'c4', 'c5')],
    'indexes.0.columns: An index can have at most 4 columns.',
  ],
])('%s is refused with the field at fault', (_, indexes, message) => {
  expect(messagesOf(indexes)).toEqual([message]);
});

test('a unique index is refused with the reason, and any other unknown field as such', () => {
  expect(messagesOf([{ columns: ['status'], unique: true }])).toEqual([
    expect.stringContaining('SQLite would refuse rows'),
  ]);
  expect(messagesOf([{ columns: ['status'], where: 'x' }])).toEqual([expect.stringContaining('where')]);
});

test('at most eight indexes are accepted', () => {
  const nine = Array.from({ length: 9 }, () => on('status'));
  expect(cacheIndexesSchema.safeParse(nine.slice(1)).success).toBe(true);
  expect(cacheIndexesSchema.safeParse(nine).success).toBe(false);
});

test('the order of the columns makes another index, and no entity can have the name of an index', () => {
  expect(indexProblems([on('customer', 'status'), on('status', 'customer')], columns)).toEqual([]);
  expect(indexName(on('customer', 'status'))).toBe('emc:customer,status');
  expect(isIndexName('emc:customer')).toBe(true);
  expect(newEntitySchema.safeParse({ ...shape, entityName: 'emc:customer' }).success).toBe(false);
});
