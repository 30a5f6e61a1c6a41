'use client';

import type { RowsPage } from '@emcachers/core/api-views';
import { classes } from '../ui/classes.ts';
import { DataTable, type TableColumn } from '../ui/data-table.tsx';
import type { RowMarks } from './use-row-marks.ts';

type Row = RowsPage['rows'][number];

/** Characters shown in a cell; the title has the whole value, or what the engine sends of it. */
const shownCharsMax = 80;

interface RowsTableProps {
  readonly page: RowsPage | undefined;
  readonly marks: RowMarks;
  /** The requested page is still loading; the rows shown are from the previous page. */
  readonly isOld: boolean;
  readonly entityName: string;
}

export function RowsTable({ page, marks, isOld, entityName }: RowsTableProps) {
  const names = page?.columns ?? ['', '', '', ''];
  const columns: TableColumn<Row>[] = [
    {
      id: 'doc_id',
      label: 'doc_id',
      cell: (row) => <code className="block max-w-[16rem] truncate text-ink-2">{row.docId}</code>,
    },
    ...names.map((name, index) => ({
      id: `${name} ${index}`,
      label: name,
      cell: (row: Row) => {
        const isMarked = marks.changes.get(row.docId)?.has(index) ?? false;
        return (
          <Cell
            key={isMarked ? marks.turn : 0}
            value={row.cells[index] ?? null}
            isCut={row.cut.includes(index)}
            isMarked={isMarked}
          />
        );
      },
    })),
  ];
  return (
    <div className={classes('transition-opacity', isOld && 'opacity-60')}>
      <DataTable
        caption={`Rows of ${entityName}`}
        isWide
        compact
        columns={columns}
        rows={page?.rows}
        rowKey={(row) => row.docId}
        placeholderRows={12}
      />
    </div>
  );
}

interface CellProps {
  readonly value: string | null;
  /** The engine has sent the beginning only. */
  readonly isCut: boolean;
  readonly isMarked: boolean;
}

function Cell({ value, isCut, isMarked }: CellProps) {
  const look = classes(
    '-mx-1.5 block w-fit max-w-[21rem] truncate rounded-[4px] px-1.5 py-0.5',
    isMarked && 'changed-cell',
  );
  if (value === null) return <span className={classes(look, 'text-ink-3 text-sm')}>NULL</span>;
  const isLong = value.length > shownCharsMax;
  return (
    <code className={look} title={titleOf(value, isCut)}>
      {isLong ? `${value.slice(0, shownCharsMax)}…` : value}
    </code>
  );
}

function titleOf(value: string, isCut: boolean): string | undefined {
  if (isCut) return `${value}… (only the beginning; query the cache file for the whole value)`;
  return value.length > shownCharsMax ? value : undefined;
}
