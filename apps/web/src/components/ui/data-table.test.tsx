// @vitest-environment jsdom
import { screen, within } from '@testing-library/react';
import { useState } from 'react';
import { describe, expect, test } from 'vitest';
import { openConsole } from '../../../test/open-console.tsx';
import { DataTable, type TableColumn } from './data-table.tsx';

interface Fruit {
  readonly name: string;
  readonly weight: number;
}
const fruits: readonly Fruit[] = [
  { name: 'Pear', weight: 180 },
  { name: 'Apple', weight: 150 },
];
const plain: TableColumn<Fruit>[] = [
  { id: 'name', label: 'Name', stack: 'title', cell: (fruit) => fruit.name },
  { id: 'weight', label: 'Weight', end: true, cell: (fruit) => fruit.weight },
  { id: 'more', label: 'More', isLabelHidden: true, cell: () => <button type="button">Eat</button> },
];

function SortedTable() {
  const [isSorted, setIsSorted] = useState(false);
  const sort = { state: isSorted ? 'ascending' : 'none', toggle: () => setIsSorted(true) } as const;
  const columns = plain.map((column) => (column.id === 'name' ? { ...column, sort } : column));
  const rows = isSorted ? fruits.toSorted((a, b) => a.name.localeCompare(b.name)) : fruits;
  return <DataTable caption="Fruits" columns={columns} rows={rows} rowKey={(fruit) => fruit.name} />;
}

const bodyRows = () => screen.getAllByRole('row').slice(1);

describe('a data table', () => {
  test('is named by its caption and has a header for every column, also for hidden labels', () => {
    openConsole(<DataTable caption="Fruits" columns={plain} rows={fruits} rowKey={(fruit) => fruit.name} />);
    const table = screen.getByRole('table', { name: 'Fruits' });
    expect(
      within(table)
        .getAllByRole('columnheader')
        .map((cell) => cell.textContent),
    ).toEqual(['Name', 'Weight', 'More']);
    expect(table.getAttribute('aria-busy')).toBe('false');
  });

  test('shows as many placeholder rows as asked for while loading, and no data cells', () => {
    const rowKey = (fruit: Fruit) => fruit.name;
    openConsole(<DataTable caption="Fruits" columns={plain} rows={undefined} rowKey={rowKey} placeholderRows={7} />);
    expect(screen.getByRole('table').getAttribute('aria-busy')).toBe('true');
    expect(bodyRows()).toHaveLength(7);
    expect(screen.queryByRole('button', { name: 'Eat' })).toBeNull();
  });

  test('labels the cells of a stacked row, except where the label is hidden or the cell is the title', () => {
    openConsole(<DataTable caption="Fruits" columns={plain} rows={fruits} rowKey={(fruit) => fruit.name} />);
    const [first] = bodyRows();
    const labels = within(first ?? document.body)
      .getAllByRole('cell')
      .map((cell) => cell.dataset['label']);
    expect(labels).toEqual([undefined, 'Weight', undefined]);
  });

  test('is sorted with the keyboard and announces the order', async () => {
    const { user } = openConsole(<SortedTable />);
    const header = screen.getByRole('columnheader', { name: 'Name' });
    expect(header.getAttribute('aria-sort')).toBe('none');
    await user.tab();
    expect(document.activeElement).toBe(within(header).getByRole('button'));
    await user.keyboard(' ');
    expect(header.getAttribute('aria-sort')).toBe('ascending');
    expect(bodyRows()[0]?.textContent).toContain('Apple');
    expect(screen.getByRole('columnheader', { name: 'Weight' }).hasAttribute('aria-sort')).toBe(false);
  });

  test('Tab reaches the controls of the rows in their order', async () => {
    const { user } = openConsole(<SortedTable />);
    await user.tab();
    await user.tab();
    expect(bodyRows()[0]?.contains(document.activeElement)).toBe(true);
    await user.tab();
    expect(bodyRows()[1]?.contains(document.activeElement)).toBe(true);
  });

  test('a wide table is focusable, so that the keyboard can scroll it', async () => {
    const rowKey = (fruit: Fruit) => fruit.name;
    const { user } = openConsole(<DataTable caption="Fruits" isWide columns={plain} rows={fruits} rowKey={rowKey} />);
    await user.tab();
    expect(document.activeElement).toBe(screen.getByRole('region', { name: 'Fruits' }));
  });

  test('shows the expansion below its row, over the full width', () => {
    openConsole(
      <DataTable
        caption="Fruits"
        columns={plain}
        rows={fruits}
        rowKey={(fruit) => fruit.name}
        expansion={(fruit) => (fruit.name === 'Pear' ? 'Ripe tomorrow' : null)}
      />,
    );
    expect(bodyRows()).toHaveLength(3);
    const cell = within(bodyRows()[1] ?? document.body).getByRole<HTMLTableCellElement>('cell');
    expect([cell.textContent, cell.colSpan]).toEqual(['Ripe tomorrow', 3]);
  });
});
