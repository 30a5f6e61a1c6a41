import { ArrowDown, ArrowUp } from 'lucide-react';
import { Fragment, type ReactNode } from 'react';
import { classes } from './classes.ts';
import { Skeleton } from './skeleton.tsx';

export interface TableColumn<Row> {
  readonly id: string;
  readonly label: string;
  readonly cell: (row: Row) => ReactNode;
  /** Aligns the column to the end, for figures. */
  readonly end?: boolean;
  /** Wide enough for the longest usual value, so that nothing moves when figures change. */
  readonly width?: string;
  /** Shows the header to screen readers only. */
  readonly isLabelHidden?: boolean;
  /** Shown while loading, with the height of the cell. Default: a single bar. */
  readonly placeholder?: ReactNode;
  /** Position in a stacked row on narrow screens. Default: a label and its value. */
  readonly stack?: 'title' | 'status' | 'corner' | 'wide' | 'hidden';
  readonly sort?: ColumnSort;
}

interface ColumnSort {
  readonly state: 'ascending' | 'descending' | 'none';
  readonly toggle: () => void;
}

interface DataTableProps<Row> {
  /** Names the table for screen readers. */
  readonly caption: string;
  readonly columns: readonly TableColumn<Row>[];
  /** Undefined while loading; the table then shows placeholders of the same size. */
  readonly rows: readonly Row[] | undefined;
  readonly rowKey: (row: Row) => string;
  readonly placeholderRows?: number;
  readonly compact?: boolean;
  /** Keeps the grid on narrow screens and scrolls horizontally inside its card. */
  readonly isWide?: boolean;
  /** Shown below the row unless it is null. */
  readonly expansion?: (row: Row) => ReactNode;
}

export function DataTable<Row>(props: DataTableProps<Row>) {
  const { caption, columns, rows, rowKey, placeholderRows = 5, compact = false, isWide = false, expansion } = props;
  const look = classes('data-table', compact && 'compact', !isWide && 'stacks');
  return (
    <section
      aria-label={caption}
      tabIndex={isWide ? 0 : undefined}
      className="@container/table overflow-x-auto rounded-b-card"
    >
      <table className={look} aria-busy={rows === undefined}>
        <caption className="sr-only">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <HeaderCell key={column.id} column={column} />
            ))}
          </tr>
        </thead>
        <tbody>
          {rows === undefined
            ? placeholders(columns, placeholderRows)
            : rows.map((row) => {
                const more = expansion?.(row) ?? null;
                return (
                  <Fragment key={rowKey(row)}>
                    <tr>
                      {columns.map((column) => (
                        <BodyCell key={column.id} column={column}>
                          {column.cell(row)}
                        </BodyCell>
                      ))}
                    </tr>
                    {more === null ? null : (
                      <tr className="expansion">
                        <td colSpan={columns.length} data-stack="wide">
                          {more}
                        </td>
                      </tr>
                    )}
                  </Fragment>
                );
              })}
        </tbody>
      </table>
    </section>
  );
}

function HeaderCell<Row>({ column }: { readonly column: TableColumn<Row> }) {
  const { sort } = column;
  return (
    <th
      scope="col"
      style={{ width: column.width }}
      aria-sort={sort === undefined ? undefined : sort.state}
      className={column.end ? 'end' : undefined}
    >
      {sort === undefined ? (
        <span className={column.isLabelHidden ? 'sr-only' : undefined}>{column.label}</span>
      ) : (
        <SortButton label={column.label} sort={sort} />
      )}
    </th>
  );
}

function SortButton({ label, sort }: { readonly label: string; readonly sort: ColumnSort }) {
  return (
    <button
      type="button"
      onClick={sort.toggle}
      className="-mx-1 inline-flex min-h-6 items-center gap-1 rounded-[4px] px-1 font-[540] hover:text-ink"
    >
      {label}
      {sort.state === 'ascending' ? <ArrowUp size={12} aria-hidden /> : null}
      {sort.state === 'descending' ? <ArrowDown size={12} aria-hidden /> : null}
    </button>
  );
}

interface BodyCellProps<Row> {
  readonly column: TableColumn<Row>;
  readonly children: ReactNode;
}

function BodyCell<Row>({ column, children }: BodyCellProps<Row>) {
  const isPair = column.stack === undefined || column.stack === 'wide';
  return (
    <td
      data-label={isPair && !column.isLabelHidden ? column.label : undefined}
      data-stack={column.stack}
      className={column.end ? 'end' : undefined}
    >
      {children}
    </td>
  );
}

function placeholders<Row>(columns: readonly TableColumn<Row>[], count: number): ReactNode {
  return Array.from({ length: count }, (_, index) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: placeholders have no identity.
    <tr key={index}>
      {columns.map((column) => (
        <BodyCell key={column.id} column={column}>
          {column.placeholder ?? <Skeleton width={column.stack === 'title' ? '9rem' : '4rem'} />}
        </BodyCell>
      ))}
    </tr>
  ));
}
