import { expect, test } from 'vitest';
import { indexesOfText, textOfIndexes } from './index-lines.ts';

test('each line is an index, its columns in the order in which they are typed', () => {
  const indexes = indexesOfText('status, placed_at\n\n customer_id \n');
  expect(indexes).toEqual([{ columns: ['status', 'placed_at'] }, { columns: ['customer_id'] }]);
  expect(textOfIndexes(indexes)).toBe('status, placed_at\ncustomer_id');
});

test('nothing typed is no index, and a comma too many stays visible as a column without a name', () => {
  expect(indexesOfText(' \n')).toBeUndefined();
  expect(textOfIndexes(undefined)).toBe('');
  expect(indexesOfText('status,')).toEqual([{ columns: ['status', ''] }]);
});
