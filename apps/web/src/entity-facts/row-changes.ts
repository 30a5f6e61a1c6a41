import type { RowsPage } from '@emcachers/core/api-views';

/** Cells that differ from the previous page, as `docId` → column numbers. A new row differs in every column. */
export type RowChanges = ReadonlyMap<string, ReadonlySet<number>>;

const none: RowChanges = new Map();

/** Compares two versions of one page. If the columns differ, it is another table and nothing is marked. */
export function changedCells(before: RowsPage | undefined, after: RowsPage): RowChanges {
  if (before === undefined || before.columns.join('\0') !== after.columns.join('\0')) return none;
  const old = new Map(before.rows.map((row) => [row.docId, row.cells]));
  const changes = new Map<string, ReadonlySet<number>>();
  for (const row of after.rows) {
    const cells = old.get(row.docId);
    const differing = row.cells.flatMap((cell, column) => (cells?.[column] === cell ? [] : [column]));
    if (differing.length > 0) changes.set(row.docId, new Set(differing));
  }
  return changes;
}
