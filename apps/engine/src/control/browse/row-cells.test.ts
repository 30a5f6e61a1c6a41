import type { Column } from '@emcachers/core/shape';
import { expect, test } from 'vitest';
import { rowCells, rowPreview } from './row-cells.ts';

const columns: Column[] = [
  { name: 'id', type: 'Integer', path: 'id' },
  { name: 'paid', type: 'Bool', path: 'paid' },
  { name: 'total', type: 'Number', path: 'total' },
  { name: 'tags', type: 'JSONB', path: 'tags' },
  { name: 'note', type: 'Text', path: 'note' },
];
const data = '[{"i":"9007199254740993"},1,2.5,"[\\"a\\"]",null]';

test('cells keep every digit, integers have no decimal point, and NULL is null', () => {
  expect(rowCells(data, columns)).toEqual(['9007199254740993', '1', '2.5', '["a"]', null]);
});

test('a preview is the row as the batch oplog API writes it', () => {
  const { preview, previewCut } = rowPreview(data, columns);
  expect(preview).toBe('{"id":"9007199254740993","paid":true,"total":2.5,"tags":"[\\"a\\"]","note":null}');
  expect(previewCut).toBe(false);
});

test('a preview is truncated after 2 KB and marked as cut', () => {
  const long = `[1,1,1,null,${JSON.stringify('x'.repeat(5_000))}]`;
  const { preview, previewCut } = rowPreview(long, columns);
  expect([preview.length, previewCut]).toEqual([2_048, true]);
});
