import type { RowsPage } from '@emcachers/core/api-views';
import { describe, expect, test } from 'vitest';
import { changedCells } from './row-changes.ts';

const page = (rows: RowsPage['rows'], columns = ['status', 'total']): RowsPage => ({
  columns,
  rows,
  next: null,
  total: rows.length,
  offset: 1,
});
const before = page([
  { docId: 'a', cells: ['paid', '18'], cut: [] },
  { docId: 'b', cells: [null, '1'], cut: [] },
]);

describe('marking what changed in the rows', () => {
  test('only the differing cell is marked', () => {
    const after = page([
      { docId: 'a', cells: ['shipped', '18'], cut: [] },
      { docId: 'b', cells: [null, '1'], cut: [] },
    ]);
    expect([...changedCells(before, after)]).toEqual([['a', new Set([0])]]);
  });

  test('NULL to a value and a value to NULL are changes', () => {
    const after = page([
      { docId: 'a', cells: [null, '18'], cut: [] },
      { docId: 'b', cells: ['paid', '1'], cut: [] },
    ]);
    expect([...changedCells(before, after).keys()]).toEqual(['a', 'b']);
  });

  test('a new row is marked in every cell, including NULL', () => {
    const after = page([...before.rows, { docId: 'c', cells: [null, '2'], cut: [] }]);
    expect([...changedCells(before, after)]).toEqual([['c', new Set([0, 1])]]);
  });

  test('the first page and another table mark nothing', () => {
    expect(changedCells(undefined, before).size).toBe(0);
    expect(changedCells(before, page([{ docId: 'a', cells: ['x', 'y'], cut: [] }], ['other', 'names'])).size).toBe(0);
  });
});
