'use client';

import type { RowsPage } from '@emcachers/core/api-views';
import { classes } from '../ui/classes.ts';
import { DataTable, type TableColumn } from '../ui/data-table.tsx';
import { RowCell } from './row-cell.tsx';
import type { RowMarks } from './use-row-marks.ts';

type Row = RowsPage['rows'][number];

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
          <RowCell
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
