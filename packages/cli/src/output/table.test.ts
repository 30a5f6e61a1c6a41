import { expect, test } from 'vitest';
import { cellText, renderTable } from './table.ts';

const columns = [
  { heading: 'name', cell: ({ name }: { name: string }) => name },
  { heading: 'rows', cell: ({ rows }: { rows: number | null }) => rows, end: true },
  { heading: 'note', cell: ({ note }: { note: string }) => note },
];

test('columns are as wide as their widest cell, numbers end together, and no line ends in spaces', () => {
  const rows = [
    { name: 'orders', rows: 12, note: '' },
    { name: 'x', rows: 3_000, note: 'late' },
    { name: 'y', rows: null, note: 'a b' },
  ];
  expect(renderTable(columns, rows)).toBe(
    ['NAME    ROWS  NOTE', 'orders    12  -', 'x       3000  late', 'y          -  a b', ''].join('\n'),
  );
});

test('wide characters take two places', () => {
  expect(renderTable(columns.slice(0, 2), [{ name: '注文', rows: 1, note: '' }]).split('\n')[1]).toBe('注文     1');
});

test('data cannot give a terminal orders: escape sequences and line breaks are shown, not carried out', () => {
  expect(cellText('\u001b[31mred\u001b[0m')).toBe('red');
  expect(cellText('a\nb\tc\u0007')).toBe('a�b�c�');
  expect(cellText('')).toBe('-');
});
